/** What a verb works with: its output, the venue as its caller sees it, and what it may touch of the process. */

import type { Client } from '../../client/client.ts';
import { Failure } from '../terminal/failure.ts';
import type { Options } from '../terminal/options.ts';
import { Output, type Sink } from '../terminal/output.ts';
import { confirmed } from '../terminal/prompt.ts';
import { type AnyVerb, type Common, type Verb, verb } from '../terminal/verb.ts';
import { Connection } from './connection.ts';
import { configFolder, Profiles } from './profiles.ts';
import { type Environment, type Session, sessionOf } from './session.ts';

/** The process, as far as a command may touch it; a test gives its own. */
export interface Surroundings {
  readonly env: Environment;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined; setRawMode?(raw: boolean): unknown };
  readonly stdout: Sink & NodeJS.WritableStream;
  readonly stderr: Sink & NodeJS.WritableStream;
  /** Ended by Ctrl-C. */
  readonly signal: AbortSignal;
}

export class Context {
  readonly out: Output;
  readonly around: Surroundings;
  readonly common: Common;
  readonly profiles: Profiles;
  readonly folder: string;
  #session: Session | undefined;
  #connection: Connection | undefined;

  constructor(common: Common, around: Surroundings) {
    const { stdout, stderr, env } = around;
    const format = common.json ? 'json' : common.ndjson ? 'ndjson' : 'text';
    this.out = new Output({ format, stdout, stderr, env });
    this.around = around;
    this.common = common;
    this.folder = configFolder(env);
    this.profiles = new Profiles(this.folder);
  }

  get session(): Session {
    this.#session ??= sessionOf(this.common, this.profiles, this.around.env, Date.now);
    return this.#session;
  }

  get connection(): Connection {
    this.#connection ??= new Connection(this.session.url);
    return this.#connection;
  }

  /** The venue as the caller sees it, with a token that is good now. Public routes answer without one. */
  async client(): Promise<Client> {
    return this.connection.client(await this.session.token());
  }

  /** The product that is named, or the only one there is. Throws a Failure when there are several. */
  async product(named: string | undefined): Promise<string> {
    if (named !== undefined) return named;
    const { items } = await (await this.client()).listProducts();
    const [only, ...others] = items.map(({ product }) => product);
    if (only !== undefined && others.length === 0) return only;
    if (only === undefined) throw new Failure('refused', 'The venue lists no product yet', 'Its operators list products.');
    throw new Failure(
      'usage',
      'The venue lists several products, and none is named',
      `Name one: --product ${[only, ...others].join(' | ')}`,
    );
  }

  close(): void {
    this.#connection?.close();
  }

  /** Whether the person says yes. Throws a Failure when there is none to ask. */
  confirmed(question: string, instead: string): Promise<boolean> {
    return confirmed(question, this.around, instead);
  }
}

/** A verb of this program, with the types of its options in its work. */
export const verbOf = <O extends Options>(declared: Verb<Context, O>): AnyVerb<Context> => verb(declared);
