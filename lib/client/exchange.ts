/**
 * The exchange as a participant or an operator reaches it: JSON over HTTP with a bearer token, over a few connections
 * that are kept open. An answer that was not expected is an error that says what was asked and what came back.
 */
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { request as requestSecurely, Agent as SecureAgent } from 'node:https';
import { gunzipSync } from 'node:zlib';

const HINT = 'docs/api.md says what each answer means and what to send instead.';

/** An answer that the caller did not expect: what was asked, what came back, and where its meaning stands. */
export class UnexpectedAnswerError extends Error {
  override name = 'UnexpectedAnswerError';
  /** What to do about it; the message ends with it. */
  readonly hint = HINT;

  constructor(message: string) {
    super(`${message}\n  ${HINT}`);
  }
}

export interface Answer {
  readonly status: number;
  /** What the answer's JSON says, or its text where it is none. */
  readonly body: unknown;
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request, without a token where it needs none. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly token?: string | undefined;
}

const CONNECTIONS_MAX = 16;
const SHOWN_MAX = 600;

/** One process's connections to the venue. */
export class Exchange {
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(url: string) {
    this.#url = new URL(url);
    const options = { keepAlive: true, maxSockets: CONNECTIONS_MAX };
    this.#agent = this.#url.protocol === 'https:' ? new SecureAgent(options) : new Agent(options);
  }

  /** What the venue looks like to the bearer of a token. */
  as(token: string): Caller {
    return {
      get: async (path) => this.#expect('GET', path, token, [200]),
      put: async (path, body) => this.#expect('PUT', path, token, [200, 201, 202], body),
      post: async (path, body, key) => this.#expect('POST', path, token, [200, 201, 202], body, key),
      ask: async (method, path, body, key) => this.send({ method, path, token, body, ...keyed(key) }),
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  async #expect(
    method: string,
    path: string,
    token: string,
    statuses: readonly number[],
    body?: unknown,
    key?: string,
  ): Promise<unknown> {
    const answer = await this.send({ method, path, token, body, ...keyed(key) });
    if (statuses.includes(answer.status)) return answer.body;
    throw new UnexpectedAnswerError(
      `${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, SHOWN_MAX)}`,
    );
  }

  /** Sends a request and gives its answer, whatever it is. Throws what the connection throws. */
  send({ method, path, headers: own = {}, body, token }: Sent): Promise<Answer> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      // Within a machine it takes longer to compress than to send.
      ...(isHere(this.#url) ? {} : { 'accept-encoding': 'gzip' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {}),
      ...own,
    };
    const { protocol } = this.#url;
    const ask = protocol === 'https:' ? requestSecurely : request;
    return new Promise((resolve, reject) => {
      const sent = ask(new URL(path, this.#url), { method, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers: given } = response;
          const received = Buffer.concat(chunks);
          const bytes = given['content-encoding'] === 'gzip' ? gunzipSync(received) : received;
          resolve({ status, body: parsed(bytes.toString('utf8')), bytes, headers: texts(given) });
        });
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // A connection that was kept open may be closed at the other end just as it is used again. Everything here may be sent twice.
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(this.send({ method, path, headers: own, body, token }));
        else reject(error);
      });
      sent.end(payload);
    });
  }
}

const isHere = ({ hostname }: URL): boolean => hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);

const keyed = (key: string | undefined) => (key === undefined ? {} : { headers: { 'idempotency-key': key } });

const texts = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `${value}`]));

/** What came back, whatever it is. */
export type Asked = Pick<Answer, 'status' | 'body'>;

export interface Caller {
  /** The body of an answer 200; every other answer throws UnexpectedAnswerError, here and below. */
  get(path: string): Promise<unknown>;
  put(path: string, body: unknown): Promise<unknown>;
  post(path: string, body: unknown, key?: string): Promise<unknown>;
  /** Any answer. */
  ask(method: string, path: string, body?: unknown, key?: string): Promise<Asked>;
}

/** Runs `work` on every item, `limit` at once, by default one a connection; answers in the order of the items. */
export async function atOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>, limit = CONNECTIONS_MAX): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
