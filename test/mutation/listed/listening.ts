/** Mutants of what listeners are told: whose numbers, until when, and how many may listen. */
import type { MutatedFile } from '../mutant.ts';

export const LISTENING: readonly MutatedFile[] = [
  {
    file: 'lambdas/tell-listeners/index.ts',
    tests: ['test/lambdas/tell-listeners.test.ts'],
    mutants: [
      {
        name: 'told-of-anothers-event',
        wrong: 'Every account of a shard is told when one of them has news.',
        text: 'return seq > news.after ?',
        becomes: 'return seq >= 0 ?',
      },
      {
        name: 'told-after-the-token',
        wrong: 'A listener is told though its token has expired.',
        text: 'if (isOver(listener, now())) {',
        becomes: 'if (isOver(listener, 0)) {',
      },
      {
        name: 'gone-is-kept',
        wrong: 'A connection that is gone is told for two hours more.',
        text: "if (fate === 'gone') await forget",
        becomes: "if (fate === 'lost') await forget",
      },
      {
        name: 'told-from-the-start-again',
        wrong: 'Of many listeners the first are told again and again, and the last never.',
        text: "news.from?.shard === shard ? news.from.behind : ''",
        becomes: "''",
      },
    ],
  },
  {
    file: 'lambdas/authorize-listener/index.ts',
    tests: ['test/lambdas/authorize-listener.test.ts'],
    mutants: [
      {
        name: 'listens-by-an-access-token',
        wrong: 'A token that other services see opens the connection as well.',
        text: "if (!isIdToken(claims)) return 'not an ID token';",
        becomes: '',
      },
      {
        name: 'listens-by-the-first-of-two-tokens',
        wrong: 'Of two tokens the one is verified and the other may be meant.',
        text: "if (brought === 'several') return 'several tokens';",
        becomes: "if (brought === 'several') return {};",
      },
    ],
  },
  {
    file: 'lambdas/authorize-listener/issuer-keys.ts',
    tests: ['test/lambdas/authorize-listener.test.ts'],
    mutants: [
      {
        name: 'listens-by-another-audience',
        wrong: 'A token for another client of the issuer opens the connection.',
        text: "audience: required(ENV.audience).split(','),",
        becomes: '',
      },
      {
        name: 'listens-for-ever',
        wrong: 'A token without an end opens a connection without one.',
        text: "requiredClaims: ['exp', 'sub'],",
        becomes: "requiredClaims: ['sub'],",
      },
    ],
  },
];
