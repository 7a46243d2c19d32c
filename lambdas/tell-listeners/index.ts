/**
 * Tell: a shard has posted events, an auction has cleared, a day is settled or closed, and those who listen are told so by number. The
 * account's own item says which event it stands at; so an account is told of exactly what is posted to it, and no account of another's.
 * A message that fails is lost, and costs nothing: each listener asks for the numbers now and then. What an invocation has no time for,
 * the next goes on with.
 */
import type { Told } from '../../lib/api/listening.ts';
import { readAccounts } from '../../lib/store/accounts.ts';
import { Connections } from '../../lib/store/connections.ts';
import { accountListened, forget, isOver, listenersOf, type Placed } from '../../lib/store/listeners.ts';
import type { Message } from '../../lib/store/messages.ts';
import type { Backends } from '../backends.ts';
import { consume } from '../queue/consume.ts';

/** Requests to the gateway under way at once. */
const AT_ONCE = 50;
/** What a page of listeners takes at the worst, when none of them answers. */
const PAGE_MS_MAX = 20_000;
/** Of a message that comes again it is not known when it is now: only that it is within this time of when it came first. */
const COMES_AGAIN_MS = 3_600_000;

let opened: Connections | undefined;
const connections = (): Connections => {
  opened ??= new Connections();
  return opened;
};

export const handler = consume('news', (backends, timeLeft) => {
  const { table, queues, logger, shards } = backends;
  const begunWith = timeLeft();
  /** By connection and text: of several messages of a batch that say the same, one is sent. */
  const sent = new Set<string>();
  return async (news, { attributes }) => {
    const counts = { sent: 0, gone: 0, lost: 0, over: 0 };
    const again = Number(attributes.ApproximateReceiveCount) > 1;
    const now = () =>
      Number(attributes.ApproximateFirstReceiveTimestamp) + (begunWith - timeLeft()) + (again ? COMES_AGAIN_MS : 0);
    const tell = async (listener: Placed, text: string | undefined): Promise<void> => {
      if (isOver(listener, now())) {
        if (again) return;
        counts.over++;
        await connections().close(listener.connection);
        return forget(table, shards, listener);
      }
      const name = `${listener.connection} ${text}`;
      if (text === undefined || sent.has(name)) return;
      sent.add(name);
      const fate = await connections().send(listener.connection, text);
      if (fate instanceof Error && counts.lost === 0) logger.warn('listener not told', { listener: listener.name, error: fate });
      counts[fate instanceof Error ? 'lost' : fate]++;
      if (fate === 'gone') await forget(table, shards, listener);
    };
    const shardsToTell = news.kind === 'posted' ? [news.shard] : range(news.from?.shard ?? 0, shards);
    for (const shard of shardsToTell)
      for await (const { listeners, at } of listenersOf(table, shard, news.from?.shard === shard ? news.from.behind : '')) {
        const texts = await textsFor(backends, news, listeners);
        await atOnce(listeners, (listener) => tell(listener, texts(listener)));
        if (timeLeft() >= PAGE_MS_MAX) continue;
        await queues.notify('news', { ...news, from: { shard, behind: at } });
        return logger.info('telling goes on in the next invocation', { ...counts, shard });
      }
    if (Object.values(counts).some((count) => count > 0)) logger.info('listeners told', { news: news.kind, ...counts });
  };
});

/** What each of these listeners is to be told; `undefined` for nothing. */
async function textsFor(
  { table, shards }: Backends,
  news: Message<'news'>,
  listeners: readonly Placed[],
): Promise<(listener: Placed) => string | undefined> {
  if (news.kind !== 'posted') {
    const text = write(marketNews(news));
    return () => text;
  }
  const accounts = new Set(listeners.map(accountListened).filter((account) => account !== undefined));
  const states = await readAccounts(table, [...accounts], shards);
  return (listener) => {
    const seq = states.get(accountListened(listener) ?? '')?.applied ?? 0;
    return seq > news.after ? write({ account: { seq } }) : undefined;
  };
}

function marketNews(news: Exclude<Message<'news'>, { kind: 'posted' }>): Told {
  const { product } = news;
  switch (news.kind) {
    case 'cleared':
      return { auction: { product, auction: news.auction } };
    case 'settled':
      return { settled: { product, date: news.date } };
    case 'closed':
      return { closed: { product, date: news.date } };
  }
}

const write = (told: Told): string => JSON.stringify(told);

const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const one = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
