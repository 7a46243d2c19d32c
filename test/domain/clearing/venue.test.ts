import { describe, expect, test } from 'vitest';
import type { AuctionCleared, ClearingEvent, MonthExpired, PricesSettled } from '../../../lib/domain/clearing/events.ts';
import { EMPTY_VENUE, evolveVenue, LogOrderError, type VenueState } from '../../../lib/domain/clearing/venue.ts';
import { nextBusinessDay } from '../../../lib/domain/contract/calendar.ts';
import { type ContractMonth, listedMonths } from '../../../lib/domain/contract/months.ts';
import type { ForwardCurve } from '../../../lib/domain/contract/product.ts';
import { cents, ticks } from '../../../lib/domain/contract/units.ts';
import { H100, month, on, PRODUCT } from '../../venue/h100.ts';

const flat = (months: readonly ContractMonth[], price: number): ForwardCurve =>
  Object.fromEntries(months.map((at) => [at, ticks(price)]));
const OCTOBER = listedMonths('NYSE', on('2025-10-30'), 12);

const listing = (date = '2025-10-29'): ClearingEvent => ({
  kind: 'parameters-changed',
  product: PRODUCT,
  version: 1,
  parameters: H100,
  listing: { date: on(date), curve: flat(listedMonths('NYSE', nextBusinessDay('NYSE', on(date)), 12), 2350) },
  by: 'operator',
  at: '',
});
const changed = (version: number, product = PRODUCT): ClearingEvent => ({
  kind: 'parameters-changed',
  product,
  version,
  parameters: { ...H100, dailyLimitTicks: ticks(300) },
  by: 'operator',
  at: '',
});
const cleared = (auction: number, date: string, closing = false): AuctionCleared => ({
  kind: 'auction-cleared',
  product: PRODUCT,
  auction,
  slot: `${date}T20:00:00Z`,
  date: on(date),
  closing,
  marks: flat(OCTOBER, 2350),
  months: {},
  orders: 0,
  fills: {},
  carried: { 3: [`carried by ${auction}`] },
  depth: '',
  surplus: '0',
});
const settled = (date: string, price = 2360): PricesSettled => ({
  kind: 'prices-settled',
  product: PRODUCT,
  date: on(date),
  auction: 1,
  previous: flat(OCTOBER, 2350),
  settled: flat(OCTOBER, price),
  rollOpens: null,
  approvedBy: [],
});
const expired = (of: string, date: string): MonthExpired => ({
  kind: 'month-expired',
  product: PRODUCT,
  date: on(date),
  month: month(of),
  mark: ticks(2360),
  finalPrice: ticks(2364),
  indexValues: 23,
  listed: month('2026-10'),
  listedAt: ticks(2360),
  approvedBy: [],
});
const closed = (date: string): ClearingEvent => ({ kind: 'day-closed', product: PRODUCT, date: on(date) });
const moved: ClearingEvent = { kind: 'cash-moved', account: 'alice', cents: cents(1n), reference: '', by: '', at: '' };

const fold = (events: readonly ClearingEvent[]): VenueState =>
  events.reduce((state, event) => evolveVenue(state, state.seq + 1, `hash ${state.seq + 1}`, event), EMPTY_VENUE);
const product = (events: readonly ClearingEvent[]) => fold(events).products[PRODUCT]!;

describe('the log has no gap', () => {
  test.each([0, 2, -1, 5])('event %i can’t be the first', (seq) => {
    expect(() => evolveVenue(EMPTY_VENUE, seq, '', listing())).toThrow(LogOrderError);
  });

  test('an event is not folded in twice, and none is left out', () => {
    const state = fold([listing(), moved]);
    expect([state.seq, state.hash]).toEqual([2, 'hash 2']);
    for (const seq of [1, 2, 4]) expect(() => evolveVenue(state, seq, '', moved)).toThrow(LogOrderError);
    expect(evolveVenue(state, 3, 'next', moved)).toEqual({ ...state, seq: 3, hash: 'next' });
  });
});

describe('a product is listed with the months that trade from the day after its listing', () => {
  test('on a Wednesday, from the month of Thursday', () => {
    expect(product([listing()])).toMatchObject({
      version: 1,
      listed: OCTOBER,
      marks: flat(OCTOBER, 2350),
      lastAuction: 0,
      toSettle: null,
      settledOn: '2025-10-29',
      closedOn: '2025-10-29',
    });
  });

  test('on the last trading day of October, from November', () => {
    expect(product([listing('2025-10-31')]).listed[0]).toBe(month('2025-11'));
  });

  test('on New Year’s Eve, from January', () => {
    expect(product([listing('2025-12-31')]).listed.at(0)).toBe(month('2026-01'));
  });
});

test('a whole day: two auctions, the settlement, the books', () => {
  const morning = [listing(), cleared(1, '2025-10-30')];
  expect(product(morning)).toMatchObject({ lastAuction: 1, toSettle: null, carried: { 3: ['carried by 1'] }, lastEvent: 2 });
  const closing = [...morning, cleared(2, '2025-10-30', true)];
  expect(product(closing)).toMatchObject({
    lastAuction: 2,
    toSettle: { auction: 2, date: '2025-10-30' },
    marks: flat(OCTOBER, 2350),
  });
  const evening = [...closing, settled('2025-10-30')];
  expect(product(evening)).toMatchObject({
    toSettle: null,
    settledOn: '2025-10-30',
    closedOn: '2025-10-29',
    marks: flat(OCTOBER, 2360),
  });
  expect(product([...evening, closed('2025-10-30')])).toMatchObject({ closedOn: '2025-10-30', lastEvent: 5 });
});

test('after the last trading day’s settlement the month is delisted and one is listed at the far end', () => {
  const days = [listing('2025-10-30'), cleared(1, '2025-10-31', true), settled('2025-10-31'), expired('2025-10', '2025-10-31')];
  const after = product(days);
  expect(after.listed).toEqual(listedMonths('NYSE', on('2025-11-01'), 12));
  expect(after.marks).toEqual(flat(after.listed, 2360));
});

test('new parameters take effect and leave the market as it is', () => {
  const before = product([listing(), cleared(1, '2025-10-30')]);
  const after = product([listing(), cleared(1, '2025-10-30'), changed(2)]);
  expect(after).toEqual({ ...before, version: 2, parameters: { ...H100, dailyLimitTicks: 300 } });
});

test('a product’s events leave other products alone', () => {
  const both = fold([listing(), { ...listing(), product: 'B200' } as ClearingEvent, cleared(1, '2025-10-30')]);
  expect(both.products.B200).toEqual({ ...fold([listing()]).products[PRODUCT], product: 'B200' });
});

describe('an event that can’t follow is refused', () => {
  const day = [listing(), cleared(1, '2025-10-30', true)];
  const night = [...day, settled('2025-10-30')];
  const monthEnd = [listing('2025-10-30'), cleared(1, '2025-10-31', true)];
  test.each<[rule: string, before: ClearingEvent[], event: ClearingEvent]>([
    ['an auction of a product that is not listed', [], cleared(1, '2025-10-30')],
    ['a listing without its prices', [], changed(1)],
    ['a listing at another version than one', [], { ...listing(), version: 2 } as ClearingEvent],
    ['parameters again', [listing()], changed(1)],
    ['parameters that skip a version', [listing()], changed(3)],
    ['an auction again', day, cleared(1, '2025-10-30')],
    ['an auction before its predecessor', day, cleared(3, '2025-10-31')],
    ['a settlement without its closing auction', [listing(), cleared(1, '2025-10-30')], settled('2025-10-30')],
    ['a settlement of another day than the closing auction’s', day, settled('2025-10-31')],
    ['a settlement again', night, settled('2025-10-30')],
    ['a closing auction while another waits for its settlement', day, cleared(2, '2025-10-31', true)],
    ['a closing auction of a day that is settled', night, cleared(2, '2025-10-30', true)],
    ['a closing auction of a day before it', night, cleared(2, '2025-10-28', true)],
    ['the expiry of a month that is not the first', [...monthEnd, settled('2025-10-31')], expired('2025-11', '2025-10-31')],
    ['an expiry before its settlement', monthEnd, expired('2025-10', '2025-10-31')],
    ['an expiry again', [...monthEnd, settled('2025-10-31'), expired('2025-10', '2025-10-31')], expired('2025-10', '2025-10-31')],
    ['the books of a day that is not settled', day, closed('2025-10-30')],
    ['the books of a day again', [...night, closed('2025-10-30')], closed('2025-10-30')],
  ])('%s', (_, before, event) => {
    const state = fold(before);
    expect(() => evolveVenue(state, state.seq + 1, '', event)).toThrow(LogOrderError);
  });
});
