/** Signing in and out, and which profiles there are. */
import { claimsOf } from '../session/claims.ts';
import { type Context, verbOf } from '../session/context.ts';
import { revoked, signInByDevice } from '../session/issuer.ts';
import { type Credentials, PROFILE_NAME, type Profile } from '../session/profiles.ts';
import { nameOf, originOf } from '../session/session.ts';
import { secureUrl } from '../session/urls.ts';
import { whoIs } from '../session/who.ts';
import { Failure } from '../terminal/failure.ts';
import { flag, text } from '../terminal/options.ts';
import { readAll, typedSecret } from '../terminal/prompt.ts';
import { fieldLines, type Paint, word } from '../terminal/table.ts';

const signIn = verbOf({
  name: 'sign-in',
  does: 'keeps a profile: a venue, and the token by which you call it',
  about: `With --issuer and --client-id you sign in in a browser: a code is shown here, and entered there (RFC 8628). Otherwise give an ID token: by
COMPUTE_EXCHANGE_TOKEN, by --token-stdin, or typed when you are asked. The venue is asked whether it takes the token before anything is kept.

A token on the command line is in the list of processes, which other users of the machine can read, and in the history of the shell. So there
is no short option for that.

The profile is kept in ~/.config/compute-exchange/profiles.json (XDG_CONFIG_HOME), which only you may read; a file that others may read is refused.`,
  options: {
    issuer: text('--issuer <url>', 'the issuer to sign in at'),
    clientId: text('--client-id <id>', 'what the issuer calls this program'),
    scope: text('--scope <scopes>', 'what to ask the issuer for', 'openid offline_access'),
    stdin: flag('--token-stdin', 'read the token from standard input'),
    argument: text('--token-on-command-line <token>', 'the token itself; see above why not'),
    listen: text('--listen <url>', 'the WebSocket API of the venue, by which watch is told that there is news'),
    keep: flag('--keep-in-use', 'leave the profile in use as it is'),
  },
  examples: [
    ['--url https://exchange.example.com', 'asks for the token'],
    ['--url https://exchange.example.com --profile desk --token-stdin < token', 'a profile of that name, from a file'],
    ['--url https://exchange.example.com --issuer https://id.example.com --client-id exchange-cli', 'in a browser'],
  ],
  async run(context, { issuer, clientId, scope, stdin, argument, listen, keep }) {
    const { common, out, profiles } = context;
    if (common.url === undefined)
      throw new Failure('usage', '--url is missing', 'compute-exchange sign-in --help says how it is called.');
    const url = originOf(common.url);
    const name = common.profile ?? new URL(url).host.replaceAll(':', '-');
    if (!PROFILE_NAME.test(name))
      throw new Failure(
        'usage',
        `${JSON.stringify(name)} can't be the name of a profile`,
        'Letters, digits, _ . @ - and 64 of them at most.',
      );
    if ((issuer === undefined) !== (clientId === undefined)) throw new Failure('usage', '--issuer and --client-id go together');
    // What is there must be readable before the person signs in.
    profiles.read();
    const credentials: Credentials =
      issuer !== undefined && clientId !== undefined
        ? await signInByDevice({ issuer, clientId, scope, show: shownBy(context) })
        : { kind: 'token', token: await givenToken(context, stdin, argument) };
    const { token } = credentials as { token: string };
    const who = await whoIs(url, token);
    await profiles.change((kept) => {
      const inUse = keep && kept.inUse !== undefined ? kept.inUse : name;
      return [
        {
          inUse,
          profiles: {
            ...kept.profiles,
            [name]: { url, ...(listen === undefined ? {} : { listen: listenUrl(listen) }), credentials },
          },
        },
        undefined,
      ];
    });
    out.result({ profile: name, url, ...who }, [
      `Signed in to ${url} as ${who.account ?? 'an operator'}, by the profile ${name}.`,
    ]);
  },
});

/** The token goes there, too. */
function listenUrl(text: string): string {
  secureUrl(text.replace(/^ws/, 'http'), 'The WebSocket API');
  return text;
}

const shownBy =
  ({ out }: Context) =>
  (uri: string, code: string, complete: string | undefined): void =>
    out.say(
      `Open ${uri} in a browser and enter the code ${code}`,
      ...(complete === undefined ? [] : [`or open ${complete}`]),
      'Waiting ...',
    );

async function givenToken({ around }: Context, fromStdin: boolean, argument: string | undefined): Promise<string> {
  const given =
    argument ??
    (fromStdin
      ? await readAll(around.stdin)
      : around.env.COMPUTE_EXCHANGE_TOKEN ||
        (await typedSecret('ID token (not shown): ', around, 'Give it by --token-stdin or COMPUTE_EXCHANGE_TOKEN.')));
  const token = given.trim();
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return token;
  throw new Failure('usage', 'What was given is no JSON web token', 'Three parts with dots between them, on one line.');
}

const signOut = verbOf({
  name: 'sign-out',
  does: 'forgets a profile, and has its issuer revoke what renews its token',
  options: {},
  examples: [
    ['', 'the profile in use'],
    ['--profile desk', 'that one'],
  ],
  async run({ common, out, profiles }) {
    const [name, profile] = await profiles.change((kept) => {
      const name = nameOf(common.profile, kept);
      if (name === undefined) throw new Failure('usage', 'There is no profile in use', 'Name one: --profile NAME');
      const { [name]: gone, ...left } = kept.profiles;
      const inUse = kept.inUse === name ? {} : { ...(kept.inUse === undefined ? {} : { inUse: kept.inUse }) };
      return [{ ...inUse, profiles: left }, [name, gone!] as const];
    });
    out.result({ profile: name, signedOut: true }, [`The profile ${name} is forgotten.`]);
    if (profile.credentials.kind !== 'issuer') return;
    // It is forgotten here in any case; that the issuer could not be told is worth a line and no more.
    await revoked(profile.credentials).catch((error: unknown) =>
      out.say(`The issuer has not revoked the refresh token: ${(error as Error).message}`),
    );
  },
});

const profilesVerb = verbOf({
  name: 'profiles',
  does: 'lists the profiles, or says which one is in use from now on',
  options: { use: text('--use <name>', 'the profile of calls that name none') },
  examples: [
    ['', 'all of them'],
    ['--use desk', 'calls without --profile are of desk from now on'],
  ],
  async run({ out, profiles }, { use }) {
    if (use !== undefined) await profiles.change((kept) => [{ ...kept, inUse: nameOf(use, kept)! }, undefined]);
    const { inUse, profiles: all } = profiles.read();
    const items = Object.entries(all).map(([profile, { url, credentials }]) => ({
      profile,
      inUse: profile === inUse,
      url,
      token: KINDS[credentials.kind],
      expiresAt: expiryOf({ credentials }),
    }));
    await out.list(
      [items],
      [
        word('', (item) => (item.inUse ? '*' : '')),
        word('profile', (item) => item.profile),
        word('venue', (item) => item.url),
        word('token', (item) => item.token),
        word('expires', (item) => item.expiresAt),
      ],
      { empty: 'There is no profile. compute-exchange sign-in makes one.' },
    );
  },
});

const KINDS: Readonly<Record<Credentials['kind'], string>> = { token: 'as given', file: 'of a file', issuer: 'of an issuer' };

function expiryOf({ credentials }: Pick<Profile, 'credentials'>): string | undefined {
  if (credentials.kind === 'file') return undefined;
  const expiresAtMs = claimsOf(credentials.token)?.expiresAtMs;
  return expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString();
}

const whoami = verbOf({
  name: 'whoami',
  does: 'says which venue is called, as whom, and asks it whether it takes the token',
  options: {},
  examples: [['', 'the profile in use']],
  async run({ out, session }) {
    const token = await session.token();
    if (token === undefined)
      throw new Failure('not-signed-in', `There is no token for ${session.url}`, 'compute-exchange sign-in');
    const who = { profile: session.profile, url: session.url, ...(await whoIs(session.url, token)) };
    out.result(who, linesOf(who, out.paint));
  },
});

const linesOf = (who: Readonly<Record<string, string | undefined>>, paint: Paint): string[] =>
  fieldLines(
    Object.entries(who).filter(([, value]) => value !== undefined),
    paint,
  );

export const SIGNING_IN = [signIn, signOut, profilesVerb, whoami];
