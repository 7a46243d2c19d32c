/**
 * Listens to the venue: is told by number that there is news, of the account whose token it has and of the market. It connects anew when
 * the connection ends, later and later and never at the same moment as others, asks for the numbers as soon as it is connected and now
 * and then after that, and calls back once for each number that is new. What a number stands for is read over HTTP.
 */
import { LISTENING_PROTOCOL, TOKEN_PROTOCOL, TOLD } from '../api/listening.ts';
import { heard, type News, NOTHING_KNOWN, type Numbers } from './numbers.ts';

export interface ListenerOptions {
  /** `ListenersUrl` of the deployment, or `webSocketUrl` of a local cloud. */
  readonly url: string;
  /** An ID token, asked for at every connect, for each ends with its token. Without one the listener hears of the market alone. */
  readonly token?: () => string | Promise<string>;
  readonly onNews: (news: News) => void;
  /** It is connected, or not any more. */
  readonly onConnected?: (connected: boolean) => void;
  /** Times, where a test can't wait for them. */
  readonly times?: Partial<ListenerTimes>;
}

export interface ListenerTimes {
  /** The gateway ends a connection on which nothing is said for ten minutes. */
  readonly asksEveryMs: number;
  /** A connection on which an answer takes longer is taken for lost. */
  readonly answerMsMax: number;
  /** Before the first attempt to connect anew; twice as long before each further one, up to `retryMsMax`. */
  readonly retryMs: number;
  readonly retryMsMax: number;
}

const TIMES: ListenerTimes = { asksEveryMs: 480_000, answerMsMax: 15_000, retryMs: 1_000, retryMsMax: 60_000 };
const ASK = 'now';

export class Listener {
  readonly #options: ListenerOptions;
  readonly #times: ListenerTimes;
  #known: Numbers = NOTHING_KNOWN;
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  /** Connects at once, and goes on until it is closed. */
  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    void this.#connect();
  }

  /** The newest numbers that it has heard. */
  get known(): Numbers {
    return this.#known;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  async #connect(): Promise<void> {
    const { url, token } = this.#options;
    let socket: WebSocket;
    try {
      const own = token === undefined ? [] : [`${TOKEN_PROTOCOL}${await token()}`];
      if (this.#closed) return;
      socket = new WebSocket(url, [LISTENING_PROTOCOL, ...own]);
    } catch {
      return this.#retry();
    }
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#options.onConnected?.(true);
      this.#ask(socket);
    });
    socket.addEventListener('message', ({ data }) => this.#hear(socket, String(data)));
    socket.addEventListener('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#options.onConnected?.(false);
      this.#retry();
    });
    // A close follows it.
    socket.addEventListener('error', () => {});
  }

  #ask(socket: WebSocket): void {
    socket.send(ASK);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveUp(socket), this.#times.answerMsMax);
  }

  /** Does not wait for the other side to agree that the connection has ended: it may be gone. */
  #giveUp(socket: WebSocket): void {
    socket.close();
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#options.onConnected?.(false);
    this.#retry();
  }

  /** What it does not understand is of a newer venue, and passed over. */
  #hear(socket: WebSocket, text: string): void {
    const told = TOLD.safeParse(parsed(text)).data;
    if (told === undefined || this.#closed || this.#socket !== socket) return;
    if ('now' in told) {
      this.#failures = 0;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#ask(socket), this.#times.asksEveryMs);
    }
    const { known, news } = heard(this.#known, told);
    this.#known = known;
    for (const each of news) this.#options.onNews(each);
  }

  #retry(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const { retryMs, retryMsMax } = this.#times;
    const delayMs = Math.min(retryMsMax, retryMs * 2 ** this.#failures++) * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => void this.#connect(), delayMs);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
