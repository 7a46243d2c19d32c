/**
 * News as it comes. The venue tells by number that there is some, over its WebSocket API where the profile knows one; without, it is
 * asked for the numbers every few seconds. What a number stands for is read over HTTP from the last one that was shown, so nothing is
 * missed and nothing is shown twice, whichever way it came and however long this was away.
 */
import { Listener } from '../../client/listener.ts';
import type { ItemOf } from '../session/connection.ts';
import { type Context, verbOf } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { flag, text, whole } from '../terminal/options.ts';
import { readable } from '../terminal/table.ts';
import { whatOf } from './account.ts';
import { PRODUCT, pagesOf } from './lists.ts';
import { slept } from './protecting.ts';

type Fill = ItemOf<'listFills'>;
type Entry = ItemOf<'listJournal'>;
type Auction = ItemOf<'listAuctions'>;

/** A line of the stream; `news` says which kind. */
export type Item =
  | ({ readonly news: 'auction' } & Auction)
  | ({ readonly news: 'fill' } & Fill)
  | ({ readonly news: 'account' } & Entry);

export const watch = verbOf({
  name: 'watch',
  does: 'shows news as it comes: auctions that clear, your fills, your cash',
  about: `The venue tells that there is news where the profile knows its WebSocket API (--listen of sign-in, and every profile of npm start); otherwise it is asked every
few seconds. Either way what is shown is read by number, from --since or from now on: nothing is missed, and nothing is shown twice.`,
  options: {
    product: PRODUCT,
    since: whole('--since <event>', 'show what the account has had after this event of the log, then go on', { least: 0 }),
    every: whole('--every <seconds>', 'how often to ask where the venue does not tell', { least: 1, most: 3600 }, 3),
    forSeconds: whole('--for <seconds>', 'end after so long', { least: 1, most: 864_000 }),
    count: whole('--count <n>', 'end after so many lines', { least: 1 }),
    onlyFills: flag('--fills', 'only your fills'),
    listen: text('--listen <url>', 'the WebSocket API, in place of the one of the profile'),
    asking: flag('--polling', 'ask every few seconds even where the venue would tell'),
  },
  examples: [
    ['', 'until Ctrl-C'],
    ['--fills --count 1 --for 600', 'wait for the next fill, ten minutes at most'],
    ['--since 41 --ndjson', 'for a program: what came after event 41, and all that comes'],
  ],
  async run(context, { product: named, since, every, forSeconds, count, onlyFills, listen, asking }) {
    const { out, around } = context;
    const ends = AbortSignal.any([around.signal, ...(forSeconds === undefined ? [] : [AbortSignal.timeout(forSeconds * 1000)])]);
    const product = await context.product(named);
    const news = new NewsByNumber(context, product);
    await news.start(since);
    let shown = 0;
    const more = async (): Promise<boolean> => {
      for (const item of await news.next()) {
        if (onlyFills && item.news !== 'fill') continue;
        out.line([item], lineOf);
        shown += 1;
        if (shown === count) return false;
      }
      return true;
    };
    await follow(context, { listen: asking ? undefined : (listen ?? context.session.listen), everyMs: every * 1000, ends, more });
    if (count !== undefined && shown < count && !around.signal.aborted)
      throw new Failure('try-again', `${shown} of ${count} came in ${forSeconds} s`, 'Watch on, or longer.');
  },
});

interface Following {
  readonly listen: string | undefined;
  readonly everyMs: number;
  readonly ends: AbortSignal;
  /** Shows what is new; false when that is enough. */
  readonly more: () => Promise<boolean>;
}

/** Where the venue tells, it is asked as well, a minute at a time: that no message has come proves nothing. */
const ASKED_ANYWAY_MS = 60_000;

async function follow(context: Context, { listen, everyMs, ends, more }: Following): Promise<void> {
  const told = new Told();
  const token = await context.session.token();
  const listener =
    listen === undefined
      ? undefined
      : new Listener({
          url: listen,
          ...(token === undefined ? {} : { token: async () => (await context.session.token()) ?? token }),
          onNews: () => told.note(),
          onConnected: (connected) => {
            if (!connected && told.connected && !told.closed)
              context.out.say('Not connected; asking every few seconds until it is again ...');
            told.connected = connected;
            told.note();
          },
        });
  try {
    while (!ends.aborted && (await more())) await told.wait(told.connected ? ASKED_ANYWAY_MS : everyMs, ends);
  } finally {
    told.closed = true;
    listener?.close();
  }
}

/** Whether there is news that has not been read yet. */
class Told {
  connected = false;
  /** Nothing more is wanted: that the connection ends is no news. */
  closed = false;
  #noted = false;
  #wake: (() => void) | undefined;

  note(): void {
    this.#noted = true;
    this.#wake?.();
  }

  /** Until there is news, or the time has passed, or it ends. */
  async wait(ms: number, ends: AbortSignal): Promise<void> {
    if (!this.#noted) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await slept(ms, AbortSignal.any([ends, woken.signal]));
      this.#wake = undefined;
    }
    this.#noted = false;
  }
}

/** What has come after the numbers that it knows. */
class NewsByNumber {
  readonly #context: Context;
  readonly #product: string;
  /** Of the account: events of the log up to here have been given. `undefined` for a caller without one. */
  #seq: number | undefined;
  #auction = 0;

  constructor(context: Context, product: string) {
    this.#context = context;
    this.#product = product;
  }

  async start(since: number | undefined): Promise<void> {
    const client = await this.#context.client();
    const { items } = await client.listAuctions({ query: { product: this.#product, limit: '1' } });
    this.#auction = items[0]?.auction ?? 0;
    this.#seq = since ?? (await this.#posted());
  }

  /** In the order in which they came. */
  async next(): Promise<Item[]> {
    const client = await this.#context.client();
    const auctions = await newer(
      pagesOf((query) => client.listAuctions({ query: { product: this.#product, ...query } })),
      ({ auction }) => auction > this.#auction,
    );
    this.#auction = auctions.at(-1)?.auction ?? this.#auction;
    const posted = await this.#posted();
    const before = this.#seq;
    const own = before === undefined || posted === undefined || posted <= before ? [] : await this.#ownAfter(before, posted);
    this.#seq = posted ?? before;
    return [...auctions.map((auction): Item => ({ news: 'auction', ...auction })), ...own];
  }

  async #ownAfter(before: number, through: number): Promise<Item[]> {
    const client = await this.#context.client();
    const isNew = ({ seq }: { readonly seq: number }): boolean => seq > before;
    const [entries, fills] = await Promise.all([
      newer(
        pagesOf((query) => client.listJournal({ query })),
        isNew,
      ),
      newer(
        pagesOf((query) => client.listFills({ query })),
        isNew,
      ),
    ]);
    // What was posted meanwhile is the next call's.
    const upTo = <Each extends { readonly seq: number }>(items: readonly Each[]): Each[] =>
      items.filter(({ seq }) => seq <= through);
    const items: Item[] = [
      ...upTo(fills).map((fill): Item => ({ news: 'fill', ...fill })),
      ...upTo(entries).map((entry): Item => ({ news: 'account', ...entry })),
    ];
    return items.sort((a, b) => (a as Fill).seq - (b as Fill).seq);
  }

  /** The number that the account is posted up to; `undefined` for a caller who has none. */
  async #posted(): Promise<number | undefined> {
    if ((await this.#context.session.token()) === undefined) return undefined;
    try {
      return (await (await this.#context.client()).showPositions()).asOf;
    } catch (error) {
      if (error instanceof Failure && error.refusal.code === 'no-account') return undefined;
      throw error;
    }
  }
}

/** The head of a list that is newest first, turned round. */
async function newer<Each>(pages: AsyncIterable<readonly Each[]>, isNew: (item: Each) => boolean): Promise<Each[]> {
  const found: Each[] = [];
  for await (const page of pages) {
    const fresh = page.filter(isNew);
    found.push(...fresh);
    if (fresh.length < page.length) break;
  }
  return found.reverse();
}

function lineOf(item: Item): string {
  if (item.news === 'fill')
    return readable(
      `fill     ${item.date}  ${item.clientOrderId}: ${whatOf(item)}, ${item.lots} lots at ${item.price}${item.rolls ? ', the roll' : ''}`,
    );
  if (item.news === 'auction') {
    const traded = item.months
      .filter((month) => month.traded)
      .map(({ contract, price, volume }) => `${contract} ${price} (${volume} lots)`);
    return readable(
      `auction  ${item.date}  ${item.product} ${item.auction}${item.closing ? ', closing' : ''}: ${traded.join(', ') || 'nothing traded'}`,
    );
  }
  return readable(`account  ${item.date ?? '          '}  ${item.kind}: ${item.amount} USD, balance ${item.balance} USD`);
}
