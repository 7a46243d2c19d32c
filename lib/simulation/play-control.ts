/**
 * How other commands play the running market: an HTTP door on this machine only, opened with a secret that stands in a file of the
 * market's owner. A request names how far to play; the answer is a line for each thing that happened, as it happens.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PlayTo } from './living-market.ts';

/** Where the door is and what opens it. */
export interface Control {
  readonly url: string;
  readonly secret: string;
}

/** What is asked for: how far, and how many seconds of the market in one. */
export interface Played {
  readonly to: PlayTo;
  readonly speed?: number;
}

/** The market can't be played: what was said, and what to do. */
export class PlayError extends Error {
  override name = 'PlayError';
}

interface Playing {
  readonly play: (played: Played, onLine: (line: string) => void) => Promise<void>;
}

export interface ControlDoor extends Control {
  stop(): void;
}

/** Opens the door. */
export async function openControl({ play }: Playing): Promise<ControlDoor> {
  const secret = randomBytes(24).toString('base64url');
  const server = createServer((asked, answer) => {
    answerTo(asked, answer, secret, play).catch((error: Error) => answer.end(`${JSON.stringify({ failed: error.message })}\n`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    secret,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/play`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const BODY_BYTES_MAX = 1024;

async function answerTo(asked: IncomingMessage, answer: ServerResponse, secret: string, play: Playing['play']): Promise<void> {
  if (asked.method !== 'POST' || !isSame(asked.headers.authorization ?? '', `Bearer ${secret}`)) {
    answer.writeHead(403).end();
    return;
  }
  let text = '';
  for await (const chunk of asked) {
    text += chunk;
    if (text.length > BODY_BYTES_MAX) return void answer.writeHead(413).end();
  }
  answer.writeHead(200, { 'content-type': 'application/x-ndjson' });
  await play(JSON.parse(text) as Played, (line) => answer.write(`${JSON.stringify({ line })}\n`));
  answer.end(`${JSON.stringify({ done: true })}\n`);
}

const isSame = (given: string, wanted: string): boolean =>
  given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted));

/** Plays a running market and gives each line as it comes. Throws PlayError when it ends before it has come so far. */
export async function* playRunning({ url, secret }: Control, played: Played): AsyncGenerator<string> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { authorization: `Bearer ${secret}` } }, resolve);
    sent.on('error', () => reject(new PlayError('The market does not answer: is it being stopped?')));
    sent.end(JSON.stringify(played));
  });
  if (answer.statusCode !== 200) throw new PlayError(`The market refused to be played (${answer.statusCode})`);
  let rest = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const said = JSON.parse(line) as { line?: string; failed?: string; done?: boolean };
      if (said.done) return;
      if (said.failed !== undefined) throw new PlayError(said.failed);
      yield said.line ?? '';
    }
  }
  throw new PlayError('The market was stopped before it had come so far');
}
