import { describe, expect, test } from 'vitest';
import type { AuctionCleared, ClearingEvent, MonthExpired, PricesSettled } from '../../../lib/domain/clearing/events.ts';
import {
  auctionTerms,
  EMPTY_VENUE,
  evolveVenue,
  isTradingStopped,
  LogOrderError,
  lockedAtStop,
  type VenueState,
  widthOf,
} from '../../../lib/domain/clearing/venue.ts';
import { nextBusinessDay } from '../../../lib/domain/contract/calendar.ts';
import { type ContractMonth, listedMonths } from '../../../lib/domain/contract/months.ts';
import type { ForwardCurve } from '../../../lib/domain/contract/product.ts';
import { lots, ticks } from '../../../lib/domain/contract/units.ts';
import { moved as movedBy, opened as openedOf } from '../../venue/events.ts';
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
const cleared = (auction: number, date: string, closing = false, books = date): AuctionCleared => ({
  kind: 'auction-cleared',
  product: PRODUCT,
  auction,
  slot: `${date}T20:00:00Z`,
  date: on(date),
  books: on(books),
  closing,
  marks: flat(OCTOBER, 2350),
  months: {},
  orders: 0,
  fills: { shards: 4, roots: {} },
  carried: { shards: 4, roots: { 3: `carried by ${auction}` } },
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
  index: { '2025-10-31': '2364000' },
  listed: month('2026-10'),
  listedAt: ticks(2360),
  approvedBy: [],
});
const closed = (date: string, after = 0): ClearingEvent => ({ kind: 'day-closed', product: PRODUCT, date: on(date), after });
const moved = movedBy('alice', 1n);

const fold = (events: readonly ClearingEvent[]): VenueState =>
  events.reduce((state, event) => evolveVenue(state, state.seq + 1, `hash ${state.seq + 1}`, event), EMPTY_VENUE);
const product = (events: readonly ClearingEvent[]) => fold(events).products[PRODUCT]!;

describe('the log has no gap', () => {
  test.each([0, 2, -1, 5])('event %i can’t be the first', (seq) => {
    expect(() => evolveVenue(EMPTY_VENUE, seq, '', listing())).toThrow(new LogOrderError(`event ${seq} can't follow event 0`));
  });

  test('an event is not folded in twice, and none is left out', () => {
    const state = fold([listing(), moved]);
    expect([state.seq, state.hash]).toEqual([2, 'hash 2']);
    for (const seq of [1, 2, 4])
      expect(() => evolveVenue(state, seq, '', moved)).toThrow(new LogOrderError(`event ${seq} can't follow event 2`));
    expect(evolveVenue(state, 3, 'next', moved)).toMatchObject({ products: state.products, seq: 3, hash: 'next' });
  });
});

test('an account’s opening and its cash leave every product as it is', () => {
  const opened = openedOf('alice');
  const listed = fold([listing()]);
  expect(evolveVenue(listed, 2, 'next', opened)).toEqual({ ...listed, seq: 2, hash: 'next' });
  expect(evolveVenue(EMPTY_VENUE, 1, 'next', opened)).toEqual({ ...EMPTY_VENUE, seq: 1, hash: 'next' });
  expect(EMPTY_VENUE).toEqual({ seq: 0, hash: '', products: {}, movedAlone: { day: '', cents: {} } });
});

describe('a list of accounts', () => {
  const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `a${at}`);

  test('may have ninety-eight', () => {
    expect(evolveVenue(EMPTY_VENUE, 1, '', openedOf(...many(98)))).toMatchObject({ seq: 1 });
  });

  test.each<[string, string[], string]>([
    ['none', [], 'event 1 lists 0, not 1 to 98'],
    ['more than a transaction takes', many(99), 'event 1 lists 99, not 1 to 98'],
    ['one twice', ['a', 'b', 'a'], 'event 1 lists an account twice'],
    ['the bank', ['a', '@bank'], 'event 1 lists the bank'],
  ])('never has %s', (_, accounts, says) => {
    const movements = accounts.flatMap((account) => movedBy(account, 1n).movements);
    for (const event of [openedOf(...accounts), { ...moved, movements }])
      expect(() => evolveVenue(EMPTY_VENUE, 1, '', event)).toThrow(new LogOrderError(says));
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
  expect(product(morning)).toMatchObject({
    lastAuction: 1,
    toSettle: null,
    carried: { shards: 4, roots: { 3: 'carried by 1' } },
    lastEvent: 2,
  });
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

test('a day that is held keeps its closing auction and its events through auctions of the next days', () => {
  const held = [listing(), cleared(1, '2025-10-30', true), cleared(2, '2025-10-31', false, '2025-10-30')];
  expect(product(held)).toMatchObject({
    lastAuction: 2,
    toSettle: { auction: 1, date: '2025-10-30' },
    lastDay: { date: '2025-10-30', clearedBy: 2, settledBy: null },
    marks: flat(OCTOBER, 2350),
    lastEvent: 3,
  });
  const done = [...held, settled('2025-10-30'), { ...cleared(3, '2025-10-31', false, '2025-10-30'), marks: flat(OCTOBER, 2360) }];
  expect(product([...done, closed('2025-10-30')])).toMatchObject({
    toSettle: null,
    lastDay: { date: '2025-10-30', clearedBy: 2, settledBy: 4, expiredBy: null },
    closedOn: '2025-10-30',
    closedBy: 6,
  });
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

describe('an event that can’t follow is refused, and why', () => {
  const day = [listing(), cleared(1, '2025-10-30', true)];
  const night = [...day, settled('2025-10-30')];
  const monthEnd = [listing('2025-10-30'), cleared(1, '2025-10-31', true)];
  /** An auction of the next day, from the marks that the settlement left. */
  const next = (auction: number, date: string, closing = false, books = date) => ({
    ...cleared(auction, date, closing, books),
    marks: flat(OCTOBER, 2360),
  });
  test.each<[rule: string, before: ClearingEvent[], event: ClearingEvent, says: string]>([
    [
      'an auction of a product that is not listed',
      [],
      cleared(1, '2025-10-30'),
      'event 1 is of a product that is not listed: H100-SXM',
    ],
    ['a listing without its prices', [], changed(1), 'parameters 1 of H100-SXM: listing is required for a product that is new'],
    [
      'a listing at another version than one',
      [],
      { ...listing(), version: 2 } as ClearingEvent,
      'parameters 2 of H100-SXM: version must be 1, not 2',
    ],
    ['parameters again', [listing()], changed(1), 'parameters 1 of H100-SXM: version must be 2, not 1'],
    ['parameters that skip a version', [listing()], changed(3), 'parameters 3 of H100-SXM: version must be 2, not 3'],
    ['an auction again', day, cleared(1, '2025-10-30'), "auction 1 can't follow 1"],
    ['an auction before its predecessor', day, cleared(3, '2025-10-31'), "auction 3 can't follow 1"],
    [
      'a settlement without its closing auction',
      [listing(), cleared(1, '2025-10-30')],
      settled('2025-10-30'),
      '2025-10-30 is settled without its closing auction',
    ],
    [
      'a settlement of another day than the closing auction’s',
      day,
      settled('2025-10-31'),
      '2025-10-31 is settled without its closing auction',
    ],
    ['a settlement again', night, settled('2025-10-30'), '2025-10-30 is settled without its closing auction'],
    [
      'a closing auction while another waits for its settlement',
      day,
      cleared(2, '2025-10-31', true),
      'the closing auction of 2025-10-30 must be settled before that of 2025-10-31',
    ],
    [
      'a closing auction of a day that is settled',
      night,
      next(2, '2025-10-30', true),
      "2025-10-30 can't close again: 2025-10-30 is settled",
    ],
    [
      'a closing auction of a day before it',
      night,
      next(2, '2025-10-28', true),
      "2025-10-28 can't close again: 2025-10-30 is settled",
    ],
    [
      'the expiry of a month that is not the first',
      [...monthEnd, settled('2025-10-31')],
      expired('2025-11', '2025-10-31'),
      `month ${month('2025-11')} is not the first listed`,
    ],
    [
      'an expiry before its settlement',
      monthEnd,
      expired('2025-10', '2025-10-31'),
      `month ${month('2025-10')} can't expire on 2025-10-31 before it is settled`,
    ],
    [
      'an expiry again',
      [...monthEnd, settled('2025-10-31'), expired('2025-10', '2025-10-31')],
      expired('2025-10', '2025-10-31'),
      `month ${month('2025-10')} is not the first listed`,
    ],
    [
      'an expiry from another price than its mark',
      [...monthEnd, settled('2025-10-31', 2361)],
      expired('2025-10', '2025-10-31'),
      `month ${month('2025-10')} does not expire from its mark`,
    ],
    ['the books of a day that is not settled', day, closed('2025-10-30'), '2025-10-30 is closed before it is settled'],
    [
      'an auction of a day that is closed',
      [...night, closed('2025-10-30')],
      next(2, '2025-10-30'),
      'auction 2 is of 2025-10-30, whose books are closed',
    ],
    [
      'an auction before the first trading day',
      [listing()],
      cleared(1, '2025-10-29'),
      'auction 1 is of 2025-10-29, whose books are closed',
    ],
    [
      'an auction that is split into no shards',
      [listing()],
      { ...cleared(1, '2025-10-30'), fills: { shards: 0, roots: {} }, carried: { shards: 0, roots: {} } },
      'auction 1 does not say into how many shards it was split',
    ],
    [
      'an auction that is split into two numbers of shards',
      [listing()],
      { ...cleared(1, '2025-10-30'), fills: { shards: 2, roots: {} } },
      'auction 1 does not say into how many shards it was split',
    ],
    ['an auction on a Saturday', [listing()], cleared(1, '2025-11-01'), 'auction 1 is of 2025-11-01, no business day'],
    [
      'an auction into the books of its own day, while those of the day before are open',
      day,
      cleared(2, '2025-10-31'),
      "auction 2 can't go into the books of 2025-10-31: those of 2025-10-30 are open",
    ],
    [
      'a closing auction into the books of the day before',
      night,
      next(2, '2025-10-31', true, '2025-10-30'),
      "auction 2 can't go into the books of 2025-10-30: those of 2025-10-30 are open",
    ],
    ['books that leave out what was posted before', night, closed('2025-10-30', 2), 'the books of 2025-10-30 are open since 0'],
    ['the books of a day again', [...night, closed('2025-10-30')], closed('2025-10-30'), '2025-10-30 is closed already'],
  ])('%s', (_, before, event, says) => {
    const state = fold(before);
    const evolve = (): VenueState => evolveVenue(state, state.seq + 1, '', event);
    expect(evolve).toThrow(expect.objectContaining({ name: 'LogOrderError', message: says }));
    expect(evolve).toThrow(LogOrderError);
  });

  test('an intraday auction and a closing one of the next day follow a day that is settled', () => {
    const closedDay = [...night, closed('2025-10-30')];
    for (const closing of [false, true]) expect(product([...closedDay, next(2, '2025-10-31', closing)]).lastAuction).toBe(2);
    expect(product([...night, next(2, '2025-10-31', false, '2025-10-30')]).lastAuction).toBe(2);
  });
});

describe('an event that does not start from the marks is refused: its cents would sum to zero and be wrong', () => {
  const marks = flat(OCTOBER, 2350);
  const [first, second] = OCTOBER as [ContractMonth, ContractMonth];
  const { [first]: _first, ...without } = marks;
  const WRONG: [what: string, from: ForwardCurve][] = [
    ['one month a tick off', { ...marks, [second]: ticks(2351) }],
    ['every month a tick off', flat(OCTOBER, 2351)],
    ['a month left out', without],
    ['a month more', { ...marks, [month('2026-10')]: ticks(2350) }],
    ['a month in place of another', { ...without, [month('2026-10')]: ticks(2350) }],
    ['no month at all', {}],
  ];
  test.each(WRONG)('an auction with %s', (_, from) => {
    const state = fold([listing()]);
    const event = { ...cleared(1, '2025-10-30'), marks: from };
    expect(() => evolveVenue(state, 2, '', event)).toThrow('auction 1 does not start from the marks');
  });

  test.each(WRONG)('a settlement with %s', (_, previous) => {
    const state = fold([listing(), cleared(1, '2025-10-30', true)]);
    const event = { ...settled('2025-10-30'), previous };
    expect(() => evolveVenue(state, 3, '', event)).toThrow('the settlement of 2025-10-30 does not start from the marks');
  });
});

describe('the band of a month', () => {
  const NOV = month('2025-11');
  const result = {
    price: ticks(2350),
    traded: false,
    volume: lots(0),
    bid: null,
    offer: null,
    sealedBid: null,
    sealedOffer: null,
  };
  const locks = (auction: number, side?: 'bid' | 'offered'): AuctionCleared => {
    const locked = side && { side, crowd: lots(9), kept: lots(1) };
    return { ...cleared(auction, '2025-10-30'), months: { [NOV]: { ...result, ...(locked ? { locked } : {}) } } };
  };
  const banded = (...auctions: AuctionCleared[]) => ({
    ...product([listing(), ...auctions]),
    parameters: { ...H100, bandTicks: [ticks(100), ticks(200), ticks(400)] },
  });

  test('widens with every auction in a row that was locked, to whichever side, up to the stop', () => {
    const sides = ['bid', 'offered', 'bid', 'bid'] as const;
    const widths = [0, 1, 2, 3, 4].map((count) => {
      const state = banded(...sides.slice(0, count).map((side, at) => locks(at + 1, side)));
      return [widthOf(state, NOV), lockedAtStop(state)];
    });
    expect(widths).toEqual([
      [100, 0],
      [200, 0],
      [400, 0],
      [400, 1],
      [400, 1],
    ]);
  });

  test('is narrow again after an auction in which it was not locked', () => {
    expect(widthOf(banded(locks(1, 'bid'), locks(2, 'bid'), locks(3)), NOV)).toBe(100);
  });

  test('is what the next auction clears by, of each month that trades', () => {
    const { widths, marks, closing } = auctionTerms(banded(locks(1, 'bid')), on('2025-10-30'), true);
    expect(Object.values(widths).map((width) => Number(width))).toEqual([100, 200, ...Array.from({ length: 10 }, () => 100)]);
    expect([Object.keys(marks).length, closing]).toEqual([12, true]);
  });
});

describe('trading that is stopped', () => {
  const note = { product: PRODUCT, reason: 'a runaway', by: 'olga', at: '' };
  const stopped: ClearingEvent = { kind: 'trading-stopped', ...note };
  const resumed = (through: number): ClearingEvent => ({ kind: 'trading-resumed', ...note, through });
  const fold = (...events: readonly ClearingEvent[]): VenueState =>
    events.reduce((state, event) => evolveVenue(state, state.seq + 1, '', event), EMPTY_VENUE);
  const DAY = '2025-10-30';

  test.each<[when: string, events: ClearingEvent[], auctions: number[]]>([
    ['in no auction before it was', [], []],
    ['in all from then on', [stopped], [1, 2, 9]],
    ['in all up to the one that it is resumed behind', [stopped, resumed(2)], [1, 2]],
    ['still so far, when some of these have cleared', [stopped, resumed(2), cleared(1, DAY)], [1, 2]],
    ['in none, once they have', [stopped, resumed(2), cleared(1, DAY), cleared(2, DAY)], []],
    ['in none, when it is resumed and no auction is left to come', [cleared(1, DAY), stopped, resumed(1)], []],
    ['again in all, when it is stopped again before that', [stopped, resumed(2), stopped], [1, 2, 9]],
    ['in all while auctions clear', [stopped, cleared(1, DAY)], [1, 2, 9]],
  ])('%s', (_, events, auctions) => {
    const state = fold(listing(), ...events).products[PRODUCT]!;
    expect([1, 2, 9].filter((auction) => isTradingStopped(state, auction))).toEqual(auctions);
    const none = auctions.length === 0;
    expect(state.stop).toEqual(
      none ? null : { reason: 'a runaway', by: 'olga', at: '', through: auctions.includes(9) ? null : 2 },
    );
  });

  test.each<[events: ClearingEvent[], says: string]>([
    [[stopped, stopped], `trading in ${PRODUCT} is stopped already`],
    [[resumed(1)], `trading in ${PRODUCT} is not stopped`],
    [[stopped, resumed(1), resumed(1)], `trading in ${PRODUCT} is not stopped`],
    [[cleared(1, DAY), stopped, resumed(0)], `trading in ${PRODUCT} can't resume behind auction 0`],
    [[stopped, resumed(1.5)], `trading in ${PRODUCT} can't resume behind auction 1.5`],
  ])('%# is refused where it can not follow', (events, says) => {
    expect(() => fold(listing(), ...events)).toThrow(new LogOrderError(says));
  });
});
