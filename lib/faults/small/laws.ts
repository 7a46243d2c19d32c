/**
 * What must hold of a small market, whatever hostile and clumsy ones have done. Each law gives what breaks it, a sentence each.
 */
import type { Audit } from '../../audit/audit.ts';
import { decideFinalPrice } from '../../domain/clearing/settlement.ts';
import { instantOf } from '../../domain/contract/calendar.ts';
import { DEPLOYMENT } from '../../infra/deployment.ts';
import { newestAuctions } from '../../store/auctions.ts';
import { listDays } from '../../store/days.ts';
import { readDeadMansSwitch } from '../../store/dead-mans-switches.ts';
import { readHalt } from '../../store/halt.ts';
import { listIndex } from '../../store/index-values.ts';
import { shardOf } from '../../store/keys.ts';
import { readFills } from '../../store/results.ts';
import { readSubmission } from '../../store/submissions.ts';
import { PRODUCT, SHARDS } from '../scripted-market.ts';
import type { Days } from './acts.ts';
import { MADE_UP_DIGEST, SILENT_NAME } from './hostile.ts';
import { HONEST, ROGUE, type SmallMarket, ZONE } from './market.ts';

export interface Judged {
  readonly market: SmallMarket;
  readonly days: Days;
  readonly audit: Audit;
  /** Whether the cloud itself was disturbed. */
  readonly disturbed: boolean;
}

type Law = (judged: Judged) => string[] | Promise<string[]>;

/** In the order in which they are to be read: an earlier one explains later ones. */
export const LAWS: readonly Law[] = [
  healed,
  booksAreRight,
  everyDayIsDone,
  everyAuctionIsHeld,
  everyDepositIsBooked,
  oneAloneDoesLittle,
  cancelledIsCancelled,
  silentOnesDoNotTrade,
  finalPricesAreMeans,
  answersAreNoErrors,
  honestOnesAreServed,
  onlyOperatorsAreLetIn,
  nothingMadeUpIsKnown,
  acceptReadsLittle,
  honestOrdersAreDecided,
];

async function healed({ market: { table, cloud } }: Judged): Promise<string[]> {
  const halted = await readHalt(table);
  const letters = Map.groupBy(cloud.deadLetters(), ({ queue }) => queue);
  return [
    ...(halted ? [`the venue is halted: ${halted.reason}`] : []),
    ...[...letters].map(([queue, all]) => `${all.length} messages are in ${queue} and come back to it`),
  ];
}

function booksAreRight({ audit }: Judged): string[] {
  return [
    ...audit.differences.slice(0, 3),
    ...(audit.lotsSum === 0 ? [] : [`the lots of all accounts are off by ${audit.lotsSum}`]),
    ...(audit.centsSum === 0n ? [] : [`the cents of all accounts sum to ${audit.centsSum}`]),
  ];
}

async function everyDayIsDone({ market: { table }, days }: Judged): Promise<string[]> {
  const stored = await listDays(table, PRODUCT, 20);
  return [
    ...days.trading.flatMap((date) => {
      const day = stored.find((one) => one.date === date);
      return day?.step === 'done' ? [] : [`the day ${date} stands at ${day?.step ?? 'nothing'}`];
    }),
    ...stored.filter(({ date }) => !days.trading.includes(date)).map(({ date, step }) => `there is a day ${date}, at ${step}`),
  ];
}

/** An auction due is held as what it is; `excuse` says when it need not be. */
async function everyAuctionIsHeld({ market, days, audit }: Judged): Promise<string[]> {
  const cleared = audit.events.filter((event) => event.kind === 'auction-cleared');
  const failures: string[] = [];
  for (const date of days.trading)
    for (const [time, closing] of [
      ['10:00', false],
      ['13:00', false],
      ['16:00', true],
    ] as const) {
      const slot = new Date(instantOf(date, time, ZONE)).toISOString();
      // The closing auction is that of its day, at whatever time the terms had it when it was begun.
      if (cleared.some((event) => event.closing === closing && (closing ? event.date === date : event.slot === slot))) continue;
      if (!isExcused(market, slot, cleared))
        failures.push(`the ${closing ? 'closing' : 'intraday'} auction of ${slot} was never held`);
    }
  for (const { date, slot } of cleared)
    if (!days.trading.includes(date)) failures.push(`the auction of ${slot} was held on ${date}, which is no trading day`);
  for (const { auction, slot } of await newestAuctions(market.table, PRODUCT, 100))
    if (auction > (audit.venue.products[PRODUCT]?.lastAuction ?? 0)) failures.push(`the auction of ${slot} has not cleared`);
  return failures;
}

/** Because what cuts it was stuck, a later one was asked for ahead of its time, or an earlier one was waiting in the same halt. */
function isExcused({ notes }: SmallMarket, slot: string, cleared: readonly { readonly slot: string }[]): boolean {
  const at = Date.parse(slot);
  const inHalt = (ms: number) => notes.halts.find(({ from, until }) => from <= ms && ms <= (until ?? Number.POSITIVE_INFINITY));
  const halt = inHalt(at);
  return (
    [...notes.everStuck].some((text) => text.includes(slot.slice(0, 19)) || text.includes('marker')) ||
    notes.ahead.some((other) => other.slice(0, 10) === slot.slice(0, 10) && other > slot) ||
    (halt !== undefined && cleared.some((other) => other.slot < slot && inHalt(Date.parse(other.slot)) === halt))
  );
}

/** What is numbered and has not cleared although nothing is going on any more. */
export async function standsStill(market: SmallMarket): Promise<string[]> {
  const { table, notes } = market;
  if (notes.stuck.size > 0 || (await readHalt(table))) return [];
  const auctions = await newestAuctions(table, PRODUCT, 3);
  return auctions
    .filter(({ clearedBy }) => clearedBy === undefined)
    .map(({ slot }) => `everything is quiet and the auction of ${slot} has not cleared`);
}

function everyDepositIsBooked({ market: { deposited }, audit }: Judged): string[] {
  const booked = audit.events.flatMap((event) =>
    event.kind === 'cash-moved' ? event.movements.map(({ account, reference }) => `${account} ${reference}`) : [],
  );
  return deposited.flatMap((one) => {
    const times = booked.filter((other) => other === one).length;
    return times === 1 ? [] : [`the deposit ${one} was answered as done and is ${times} times in the log`];
  });
}

/** What takes two operators has two names, once for each approval; and one alone has moved no more than they may on a day. */
function oneAloneDoesLittle({ audit }: Judged): string[] {
  const failures: string[] = [];
  const held = new Set<string>();
  const moved = new Map<string, bigint>();
  for (const event of audit.events) {
    if (event.kind !== 'parameters-changed' && event.kind !== 'cash-moved' && event.kind !== 'accounts-opened') continue;
    const { by, approval, at } = event;
    if (approval?.by === by) failures.push(`${by} has approved what ${by} proposed: ${approval.held}`);
    if (approval && held.has(approval.held)) failures.push(`${approval.held} is approved once and done twice`);
    if (approval) held.add(approval.held);
    else if (event.kind === 'parameters-changed') failures.push(`${by} has changed the parameters of ${event.product} alone`);
    else if (event.kind === 'cash-moved') {
      const day = `${by} on ${at.slice(0, 10)}`;
      const sum = event.movements.reduce(
        (cents, each) => cents + (each.cents < 0n ? -each.cents : each.cents),
        moved.get(day) ?? 0n,
      );
      if (sum > BigInt(DEPLOYMENT.cashAloneCents)) failures.push(`${day} has moved ${sum} cents alone`);
      moved.set(day, sum);
    }
  }
  return failures;
}

/** No order trades in an auction after the one in which its cancel was decided. */
async function cancelledIsCancelled({ market: { table, notes }, audit }: Judged): Promise<string[]> {
  const failures: string[] = [];
  if (notes.cancelled.size === 0) return failures;
  for (const event of audit.events) {
    if (event.kind !== 'auction-cleared') continue;
    for (const { clientOrderId } of await readFills(table, event))
      if (notes.cancelled.has(clientOrderId))
        failures.push(`auction ${event.auction} filled ${clientOrderId}, which was cancelled before`);
  }
  return failures;
}

/** No order of a participant trades in an auction that was due when its dead-man's switch had run out. */
async function silentOnesDoNotTrade({ market: { table, notes }, audit }: Judged): Promise<string[]> {
  const own = await readDeadMansSwitch(table, { product: PRODUCT, account: ROGUE }, SHARDS);
  const from = own.state === 'off' ? own.ranOut : own.expiry;
  if (from === null || notes.everStuck.size > 0) return [];
  const failures: string[] = [];
  for (const event of audit.events) {
    if (event.kind !== 'auction-cleared' || Date.parse(event.slot) < Date.parse(from)) continue;
    for (const { clientOrderId } of await readFills(table, event))
      if (clientOrderId.startsWith(SILENT_NAME))
        failures.push(`auction ${event.auction} filled an order of a participant that was silent`);
  }
  return failures;
}

/** Which index values are published when everything is quiet: whatever is decided from then on has to know them. */
export async function noteIndex({ table, notes }: SmallMarket): Promise<void> {
  const [newest] = await table.queryAll('LOG', { newestFirst: true, limit: 1 });
  const dates = (await listIndex(table, PRODUCT, 100)).map(({ date }) => date);
  notes.index.push({ seq: Number(newest?.sk?.S ?? 0), dates });
}

/**
 * A final settlement price is the mean of the values of its month: of those that were published when everything was last quiet
 * before it, or with those that came at the same time as well.
 */
async function finalPricesAreMeans({ market: { table, notes }, audit }: Judged): Promise<string[]> {
  const values = await listIndex(table, PRODUCT, 100);
  return audit.events.flatMap((event, at) => {
    if (event.kind !== 'month-expired') return [];
    const { parameters } = audit.venue.products[PRODUCT]!;
    const quiet = notes.index.findIndex(({ seq }) => seq > at);
    const meanOf = (dates: readonly string[]) => {
      const known = values.filter(({ date }) => date <= event.date && dates.includes(date));
      const index = new Map(known.map(({ date, value }) => [date, value]));
      return decideFinalPrice(PRODUCT, parameters, event.month, index, event.mark).value;
    };
    const means = [notes.index[quiet - 1], notes.index[quiet]].map((noted) =>
      meanOf(noted?.dates ?? values.map(({ date }) => date)),
    );
    if (means.includes(event.finalPrice)) return [];
    return [`event ${at + 1} settles a month at ${event.finalPrice} ticks, and its index says ${means[0]}`];
  });
}

function answersAreNoErrors({ market: { answers }, disturbed }: Judged): string[] {
  if (disturbed) return [];
  return answers
    .filter(({ status }) => status >= 500)
    .map(({ by, asked, status }) => `${by} was answered ${status} to ${asked.slice(0, 60)}`);
}

function honestOnesAreServed({ market: { answers } }: Judged): string[] {
  const names: readonly string[] = HONEST;
  return answers
    .filter(({ by, asked, status }) => names.includes(by) && status >= 400 && !asked.includes(MADE_UP_DIGEST))
    .map(({ by, asked, status }) => `${by} was answered ${status} to ${asked.slice(0, 60)}`);
}

function nothingMadeUpIsKnown({ market: { answers } }: Judged): string[] {
  return answers
    .filter(({ asked, status }) => asked.includes(MADE_UP_DIGEST) && status < 300)
    .map(({ asked }) => `an id that was made up is known: ${asked.slice(0, 60)}`);
}

function onlyOperatorsAreLetIn({ market: { answers } }: Judged): string[] {
  return answers
    .filter(({ by, asked, status }) => by === ROGUE && asked.includes('/v1/operator/') && status >= 200 && status < 300)
    .map(({ asked }) => `${ROGUE} is let in by ${asked}`);
}

/**
 * What accept reads for a message on average, however much its sender and others have sent before it: of an account that it does not keep, a read
 * unit of accounts beside each other is the greatest part.
 */
const ACCEPT_BYTES_MAX = 4_096;

function acceptReadsLittle({ market: { meter }, disturbed }: Judged): string[] {
  if (disturbed) return [];
  const bytes = Math.round((meter.bytesOf.get('accept-orders') ?? 0) / meter.orderMessages);
  return bytes > ACCEPT_BYTES_MAX ? [`accept reads ${bytes} bytes for a message`] : [];
}

/** Every honest submission was decided, in the first auction that was cut after it. */
async function honestOrdersAreDecided({ market, audit }: Judged): Promise<string[]> {
  const { table, sent, notes } = market;
  if (notes.everStuck.size > 0 || notes.ahead.length > 0) return [];
  const slots = new Map(
    audit.events.flatMap((event) => (event.kind === 'auction-cleared' ? [[event.auction, Date.parse(event.slot)]] : [])),
  );
  const failures: string[] = [];
  for (const { account, key, atMs } of sent.filter(({ account }) => account !== ROGUE)) {
    const stored = await readSubmission(table, PRODUCT, shardOf(account, SHARDS), account, key);
    if (!stored) failures.push(`a submission of ${account} was answered and is nowhere`);
    else if (stored.outcomes.includes('auction-closed'))
      failures.push(`a submission of ${account} came too late for its auction`);
    else
      for (const [auction, slot] of slots)
        if (auction < stored.auction && slot > atMs)
          failures.push(`a submission of ${account} came into auction ${stored.auction} and not ${auction}`);
  }
  return failures;
}

/** What is said of dead letters when they come about: one of an honest participant is named. */
export function deadLettersOf({ cloud, notes }: SmallMarket): string[] {
  return cloud
    .deadLetters()
    .filter(({ body }) => ![...notes.everStuck].some((text) => body.includes(text)))
    .map(({ queue, body }) => {
      const account = HONEST.find((name) => body.includes(`"account":"${name}"`));
      return `a message${account ? ` of ${account}` : body.includes('"marker"') ? ' that cuts an auction' : ''} is in ${queue}`;
    });
}
