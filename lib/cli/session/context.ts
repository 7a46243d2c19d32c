/** What a verb works with: its output, the venue as its caller sees it, and what it may touch of the process. */

import type { Options } from '../terminal/options.ts';
import { Output, type Sink } from '../terminal/output.ts';
import { confirmed } from '../terminal/prompt.ts';
import { type AnyVerb, type Common, type Verb, verb } from '../terminal/verb.ts';
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

  /** Whether the person says yes. Throws a Failure when there is none to ask. */
  confirmed(question: string, instead: string): Promise<boolean> {
    return confirmed(question, this.around, instead);
  }
}

/** A verb of this program, with the types of its options in its work. */
export const verbOf = <O extends Options>(declared: Verb<Context, O>): AnyVerb<Context> => verb(declared);
