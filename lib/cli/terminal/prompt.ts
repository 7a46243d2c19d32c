/**
 * Asking the person at the terminal. A command that must ask and has no terminal to ask at is refused before anything is
 * sent: a script answers by options, never by what happens to stand on its input.
 */
import { createInterface } from 'node:readline/promises';
import { Failure } from './failure.ts';

export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined; setRawMode?(raw: boolean): unknown };
  readonly stderr: NodeJS.WritableStream;
}

/** Whether the answer to a question is yes. Throws a Failure `usage` when there is no terminal; `instead` says what to do then. */
export async function confirmed(question: string, { stdin, stderr }: Terminal, instead: string): Promise<boolean> {
  if (stdin.isTTY !== true) throw new Failure('usage', 'This asks before it acts, and standard input is no terminal', instead);
  const asking = createInterface({ input: stdin, output: stderr });
  try {
    return /^(y|yes)$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}

/** A line that is not shown while it is typed. Throws as above. */
export async function typedSecret(question: string, { stdin, stderr }: Terminal, instead: string): Promise<string> {
  if (stdin.isTTY !== true) throw new Failure('usage', 'This asks for a secret, and standard input is no terminal', instead);
  stderr.write(question);
  stdin.setRawMode?.(true);
  try {
    return await untilEnter(stdin);
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
    stderr.write('\n');
  }
}

async function untilEnter(stdin: Terminal['stdin']): Promise<string> {
  let typed = '';
  for await (const chunk of stdin) {
    for (const character of chunk.toString()) {
      if (character === '\r' || character === '\n') return typed;
      if (character === '\u0003') throw new Failure('refused', 'Given up');
      typed = character === '\u007f' ? typed.slice(0, -1) : typed + character;
    }
  }
  return typed;
}

/** Characters of an input of this program at most: a few times what the venue takes in one request. */
const INPUT_MAX = 4_000_000;

/** All of standard input. */
export async function readAll(stdin: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > INPUT_MAX) throw new Failure('usage', `The input has more than ${INPUT_MAX} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
