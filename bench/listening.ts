/**
 * What listeners cost a day, counted like the bill of an order (`billing.ts`): a connect, a question and its answer, and a trading day in
 * which every account that listens trades in each auction, which is the most that it can be told. A connection lasts two hours and asks
 * every eight minutes, so a day is twelve of the first, 180 of the second and one of the third.
 */
import { LISTENING_PROTOCOL, TOKEN_PROTOCOL } from '../lib/api/listening.ts';
import { atOnce } from '../lib/client/exchange.ts';
import { contractCode } from '../lib/domain/contract/months.ts';
import { UNLIMITED } from '../lib/infra/local-deployment.ts';
import { PIPELINE } from '../lib/infra/pipeline.ts';
import type { Usage } from '../lib/local/cloud.ts';
import { PRICES } from './prices.ts';
import { MONDAY, openVenue, PRODUCT } from './venue.ts';

export interface ListeningRow {
  readonly what: string;
  /** How often in a day. */
  readonly times: number;
  /** USD a day, of all listeners, by what it is paid for. */
  readonly parts: Readonly<Record<Part, number>>;
}

type Part = (typeof PARTS)[number];
const PARTS = ['messages', 'minutes', 'lambda', 'table', 'queue'] as const;

const FUNCTIONS = ['authorize-listener', 'listen', 'tell-listeners'] as const;
/** As many as `authorize-listener` has places for. */
const CONNECTS_AT_ONCE = 8;
const CONNECTS_A_DAY = 12;
const QUESTIONS_A_DAY = 180;
const MINUTES_A_DAY = 1_440;
/** When the product trades, and a moment before: a connection ends after ten minutes of a moved clock. */
const EVENTS = [
  ['09:55', '10:01'],
  ['12:55', '13:01'],
  ['15:56', '16:05'],
] as const;

export async function benchListening(listeners: number): Promise<ListeningRow[]> {
  await using venue = await openVenue(UNLIMITED, { limits: { quietWithinMs: 300_000 }, proxy: { meter: true } });
  const { cloud } = venue;
  const accounts = Array.from({ length: listeners }, (_, at) => `listener-${at}`);
  await venue.open([...accounts, 'maker']);
  const callers = await Promise.all(accounts.map((account) => venue.caller(account)));
  const maker = await venue.caller('maker');
  const contract = contractCode(PRODUCT, venue.months[1]!);
  const order = { contract, price: '2.400', lots: 1 };
  const metered = async (work: () => Promise<unknown>): Promise<Record<Part, number>> => {
    await cloud.quiet();
    const before = billOf(cloud.usage());
    await work();
    await cloud.quiet();
    const after = billOf(cloud.usage());
    return partsOf((part) => after[part] - before[part]);
  };
  const connectAll = () =>
    atOnce(accounts, async (account) => connect(cloud.webSocketUrl!, await tokenOf(account)), CONNECTS_AT_ONCE);
  const tokenOf = (account: string) => cloud.mint({ sub: account, attributes: { account }, expiresIn: 86_400 });
  let day = partsOf(() => 0);
  let connects = day;
  let questions = day;
  for (const [before, after] of EVENTS) {
    await venue.moveTo(MONDAY, before);
    let sockets: WebSocket[] = [];
    connects = await metered(async () => {
      sockets = await connectAll();
    });
    questions = await metered(() => atOnce(sockets, ask, CONNECTS_AT_ONCE));
    await venue.submit(maker, [{ ...order, clientOrderId: `m${before}`, side: 'sell', lots: listeners }]);
    await atOnce(callers, (caller) => venue.submit(caller, [{ ...order, clientOrderId: `b${before}`, side: 'buy' }]), 4);
    const told = await metered(() => venue.moveTo(MONDAY, after));
    day = partsOf((part) => day[part] + told[part]);
    for (const socket of sockets) socket.close();
    await cloud.quiet();
  }
  const minutes = listeners * MINUTES_A_DAY * PRICES.connectionMinute;
  return [
    { what: 'connected', times: 1, parts: partsOf((part) => (part === 'minutes' ? minutes : 0)) },
    { what: 'connects', times: CONNECTS_A_DAY, parts: partsOf((part) => connects[part] * CONNECTS_A_DAY) },
    { what: 'questions and answers', times: QUESTIONS_A_DAY, parts: partsOf((part) => questions[part] * QUESTIONS_A_DAY) },
    { what: 'told, three auctions and a settlement', times: 1, parts: day },
  ];
}

const partsOf = (value: (part: Part) => number): Record<Part, number> =>
  Object.fromEntries(PARTS.map((part) => [part, value(part)])) as Record<Part, number>;

/** USD so far, of what only listeners need. The news of postings and clearings are among it: each that came was sent. */
function billOf({ functions, pollers, invocations, webSockets }: Usage): Record<Part, number> {
  const used = FUNCTIONS.map((name) => ({ name, usage: functions[name], ran: invocations[name] }));
  const sum = (of: (each: (typeof used)[number]) => number): number => used.reduce((total, each) => total + of(each), 0);
  const { receives = 0, deletes = 0 } = pollers.news ?? {};
  return {
    messages: webSockets.messages * PRICES.webSocketMessage,
    minutes: 0,
    lambda: sum(
      ({ name, ran }) =>
        (ran?.count ?? 0) * PRICES.lambdaRequest +
        ((ran?.milliseconds ?? 0) / 1000) * (PIPELINE[name].memory_mb / 1024) * PRICES.lambdaGbSecond,
    ),
    table: sum(({ usage }) => (usage?.readUnits ?? 0) * PRICES.readUnit + (usage?.writeUnits ?? 0) * PRICES.writeUnit),
    queue: (receives + 2 * deletes) * PRICES.standardRequest,
  };
}

async function connect(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(url, [LISTENING_PROTOCOL, `${TOKEN_PROTOCOL}${token}`]);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('a listener was refused')));
  });
  return socket;
}

async function ask(socket: WebSocket): Promise<void> {
  const answered = new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
  socket.send('now');
  await answered;
}
