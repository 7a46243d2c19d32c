/** The record that a day run moves through: one row a product and business day. */
import { addDays, type BusinessDate } from '../domain/contract/calendar.ts';
import { dayKey } from './keys.ts';
import { type Attributes, json, N, S, type Table, text } from './table.ts';

/** The steps of a day, in order. A step starts when the one before it has been posted by every shard. */
export const DAY_STEPS = ['roll', 'close', 'clear', 'settle', 'expire', 'report', 'done'] as const;
const EVENT = 'event#';
export type DayStep = (typeof DAY_STEPS)[number];

export interface Day {
  readonly product: string;
  readonly date: BusinessDate;
  readonly slot: string;
  readonly step: DayStep;
  /** Number of its closing auction, from the roll on. */
  readonly auction: number | undefined;
  /** The log event with which each step it has left ended. */
  readonly events: Readonly<Partial<Record<DayStep, number>>>;
  /** Open interest, volume and roll of the day, once it is done. */
  readonly report: unknown;
}

/** Puts a day on the list of days to run; a day already there is left as it is. */
export async function planDay(table: Table, product: string, date: BusinessDate, slot: string): Promise<void> {
  await table.create({ ...dayKey(product, date), attributes: { slot: S(slot), step: S('roll'), v: N(1) } });
}

export async function readDay(table: Table, product: string, date: BusinessDate): Promise<Day | undefined> {
  const item = await table.get(dayKey(product, date));
  return item && decodeDay(product, item);
}

/** The earliest planned day after `closedOn` that is not done. */
export async function openDay(table: Table, product: string, closedOn: BusinessDate): Promise<Day | undefined> {
  for await (const item of table.query(dayKey(product, closedOn).pk, { from: closedOn })) {
    const day = decodeDay(product, item);
    if (day.step !== 'done') return day;
  }
  return undefined;
}

/** The newest first, those before `before`. */
export async function listDays(table: Table, product: string, limit: number, before?: BusinessDate): Promise<Day[]> {
  const items = await table.queryAll(`DAY#${product}`, { newestFirst: true, limit, ...earlierThan(before) });
  return items.map((item) => decodeDay(product, item));
}

/** Moves a day one step on. False when it has left `from` already: moving it again changes nothing. */
export async function moveDay(
  table: Table,
  day: Day,
  from: DayStep,
  to: DayStep,
  more: { auction?: number; event?: number; report?: unknown } = {},
): Promise<boolean> {
  if (DAY_STEPS.indexOf(to) !== DAY_STEPS.indexOf(from) + 1) throw new Error(`a day can't go from ${from} to ${to}`);
  const set = ['#step = :to', '#event = :event'];
  const values: Attributes = { ':to': S(to), ':from': S(from), ':event': N(more.event ?? 0) };
  if (more.auction !== undefined) {
    set.push('auction = :auction');
    values[':auction'] = N(more.auction);
  }
  if (more.report !== undefined) {
    set.push('report = :report');
    values[':report'] = json(more.report);
  }
  const moved = await table.update(dayKey(day.product, day.date), {
    expression: `SET ${set.join(', ')}`,
    names: { '#step': 'step', '#event': `${EVENT}${from}` },
    values,
    condition: '#step = :from',
  });
  return moved !== undefined;
}

const earlierThan = (date: BusinessDate | undefined): { to?: string } => (date === undefined ? {} : { to: addDays(date, -1) });

const decodeDay = (product: string, item: Attributes): Day => ({
  product,
  date: text(item, 'sk') as BusinessDate,
  slot: text(item, 'slot'),
  step: text(item, 'step') as DayStep,
  auction: item.auction?.N === undefined ? undefined : Number(item.auction.N),
  events: Object.fromEntries(
    Object.entries(item)
      .filter(([name]) => name.startsWith(EVENT))
      .map(([name, value]) => [name.slice(EVENT.length), Number(value.N)]),
  ),
  report: item.report ? JSON.parse(text(item, 'report')) : undefined,
});
