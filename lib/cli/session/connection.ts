/**
 * The venue as a command reaches it: the typed client over connections that send again what may be sent again, note what time it is
 * at the venue, and tell every end that is not an answer as a Failure.
 *
 * Everything this API takes may be sent twice: writes are known again by their key or their content. So what was not answered, or
 * was answered with "try again", is sent again as it was, a few times.
 */

import { type Client, clientOf, RefusedError } from '../../client/client.ts';
import { type Answer, Exchange, type Sent, UnexpectedAnswerError } from '../../client/exchange.ts';
import { Failure, type Kind } from '../terminal/failure.ts';

/** Waits before what is sent again, milliseconds; `retry-after` counts instead where it is given and is not long. */
const PAUSES_MS = [200, 500, 1_500];
const RETRY_AFTER_MAX_S = 5;
const ANSWER_WITHIN_MS = 20_000;

/** Where nothing was sent, and sending again at once would end in the same way. */
const NOT_THERE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

export class Connection extends Exchange {
  readonly #url: string;
  /** How far the venue's clock is ahead of this machine's, milliseconds; 0 until it has answered. */
  #aheadMs = 0;

  constructor(url: string) {
    super(url);
    this.#url = url;
  }

  /** What time it is at the venue, milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#aheadMs;
  }

  /** A client with this token, or with none. Its methods throw Failures only. */
  client(token: string | undefined): Client {
    const typed = clientOf(this, token);
    const methods = Object.entries(typed).map(([id, call]) => [
      id,
      async (request?: object) => {
        try {
          return await (call as (request?: object) => Promise<unknown>)(request);
        } catch (error) {
          throw failureOf(error, this.#url, token !== undefined);
        }
      },
    ]);
    return Object.fromEntries(methods) as Client;
  }

  override async send(sent: Sent): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      const answer = await this.#once(sent).catch((error: unknown) => {
        if (tries === PAUSES_MS.length || NOT_THERE.has(codeOf(error))) throw error;
        return undefined;
      });
      if (answer !== undefined) this.#noteTime(answer);
      if (answer !== undefined && !isBusy(answer)) return answer;
      if (answer !== undefined && tries === PAUSES_MS.length) return answer;
      const after = Number(answer?.headers['retry-after'] ?? 0);
      if (answer !== undefined && after > RETRY_AFTER_MAX_S) return answer;
      await new Promise((resolve) => setTimeout(resolve, after > 0 ? after * 1000 : PAUSES_MS[tries]));
    }
  }

  async #once(sent: Sent): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })), ANSWER_WITHIN_MS);
    });
    return Promise.race([super.send(sent), late]).finally(() => clearTimeout(timer));
  }

  #noteTime({ headers }: Answer): void {
    const at = Date.parse(headers['venue-time'] ?? '');
    if (!Number.isNaN(at)) this.#aheadMs = at - Date.now();
  }
}

const isBusy = ({ status }: Answer): boolean => status === 429 || status === 503 || status === 502 || status === 504;

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? '';

/** What a caller can do about a refusal, beyond what the refusal says. */
const HINTS: Readonly<Record<string, string>> = {
  'token-refused': 'The venue takes the ID token of its issuer, not the access token.',
  'no-account': 'This token is of no participant. Use another profile: --profile NAME',
  'account-not-open': 'The operator opens accounts: ask for yours.',
  'not-an-operator': "This needs a token in one of the operators' groups. Use another profile: --profile NAME",
  'not-found': 'Nothing here, or nothing of yours.',
  'unknown-contract': 'compute-exchange market shows what is listed.',
  'idempotency-key-stale': 'Send it anew, without --key.',
  'second-operator-needed': 'Another operator must approve: with another profile.',
  'version-conflict': 'Read it again and decide again.',
  'below-requirement': 'The account needs the cash for its positions and orders.',
};

function kindOf({ status, code }: RefusedError): Kind {
  if (status === 401 || status === 403) return 'not-signed-in';
  if (status === 429 || code === 'try-again' || status === 503) return 'try-again';
  return status >= 500 ? 'fault' : 'refused';
}

export function failureOf(error: unknown, url: string, hadToken: boolean): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof RefusedError) {
    const { status, code, errors, requestId, retryAfter } = error;
    const again = retryAfter === undefined ? '' : `Try again in ${retryAfter} s.`;
    const hint =
      status === 401
        ? hadToken
          ? 'The token is not good, or not any more: compute-exchange sign-in'
          : 'This needs a token: compute-exchange sign-in'
        : code === 'gateway' && status === 404
          ? 'The venue has no such route: it may be of another version than this program.'
          : (HINTS[code] ?? again);
    return new Failure(kindOf(error), error.message, hint, { code, status, errors, requestId }, { cause: error });
  }
  if (error instanceof UnexpectedAnswerError)
    return new Failure(
      'fault',
      error.message.split('\n')[0]!,
      'The venue may run another version than this program is of.',
      {},
      { cause: error },
    );
  const code = codeOf(error);
  if (code === '') throw error;
  const hint =
    code === 'ECONNREFUSED'
      ? 'Is it running? npm start starts a market on this machine.'
      : 'What was sent may have arrived; the same call may be made again.';
  return new Failure('try-again', `${url} can't be reached: ${(error as Error).message || code}`, hint, {}, { cause: error });
}

/** What a route answers, and an item of what a list answers. */
export type Answered<Id extends keyof Client> = NonNullable<Awaited<ReturnType<Client[Id]>>>;
export type ItemOf<Id extends keyof Client> = Answered<Id> extends { readonly items: readonly (infer Item)[] } ? Item : never;
