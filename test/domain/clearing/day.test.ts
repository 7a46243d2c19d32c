import { describe, expect, test } from 'vitest';
import type { MonthResult } from '../../../lib/domain/auction/book.ts';
import { type Held, type HeldProposal, propose, SYSTEM } from '../../../lib/domain/clearing/approval.ts';
import {
  DAY_STEPS,
  type Day,
  type DayDecision,
  type DayMoved,
  DayOrderError,
  type DayStep,
  daysDue,
  decideDay,
  evolveDay,
  type Seen,
} from '../../../lib/domain/clearing/day.ts';
import { NO_REFERENCES } from '../../../lib/domain/clearing/events.ts';
import type { ProductState } from '../../../lib/domain/clearing/venue.ts';
import { addDays, type BusinessDate } from '../../../lib/domain/contract/calendar.ts';
import { type ContractMonth, monthAfter } from '../../../lib/domain/contract/months.ts';
import { lots, type Micros, ticks } from '../../../lib/domain/contract/units.ts';
import { DAYS, REPORT } from '../../venue/days.ts';
import { H100, month, on, PRODUCT } from '../../venue/h100.ts';

const FRIDAY = on('2025-10-17');
const MONDAY = DAYS.roll.date;
const [OCT, NOV, DEC] = [month('2025-10'), month('2025-11'), month('2025-12')];

const curve = (listed: readonly ContractMonth[], price = 2400) => Object.fromEntries(listed.map((each) => [each, ticks(price)]));
const listed = [OCT, NOV, DEC];
const traded = (price: number): Record<number, MonthResult> =>
  Object.fromEntries(
    listed.map((each) => [
      each,
      { price: ticks(price), traded: true, volume: lots(5), bid: null, offer: null, sealedBid: null, sealedOffer: null },
    ]),
  );

/** The product as the log has it: before the day's closing auction, and behind each event of the day. */
const BEFORE: ProductState = {
  product: PRODUCT,
  version: 1,
  parameters: { ...H100, listedMonths: 3, indexValuesMin: 2 },
  listed,
  marks: curve(listed),
  lastAuction: 2,
  lockedInARow: {},
  carried: NO_REFERENCES,
  toSettle: null,
  settledOn: FRIDAY,
  closedOn: FRIDAY,
  closedBy: 4,
  lastDay: { date: FRIDAY, clearedBy: 2, settledBy: 3, expiredBy: null },
  stop: null,
  lastEvent: 6,
};
const MONDAYS = { date: MONDAY, clearedBy: 7, settledBy: null, expiredBy: null } as const;
const CLEARED: ProductState = {
  ...BEFORE,
  lastAuction: 3,
  toSettle: { auction: 3, date: MONDAY, months: traded(2410) },
  lastDay: MONDAYS,
  lastEvent: 7,
};
const SETTLED: ProductState = {
  ...CLEARED,
  toSettle: null,
  marks: curve(listed, 2410),
  settledOn: MONDAY,
  lastDay: { ...MONDAYS, settledBy: 8 },
  lastEvent: 8,
};
const CLOSED: ProductState = { ...SETTLED, closedOn: MONDAY, closedBy: 9, lastEvent: 9 };
/** Auctions of Tuesday have cleared meanwhile, events 20 and so on. */
const tradedOn = (product: ProductState): ProductState => ({ ...product, lastAuction: 5, lastEvent: 21 });

const seen = (product: ProductState, change: Partial<Seen> = {}): Seen => ({
  halted: false,
  product,
  posted: true,
  numbered: undefined,
  newest: { auction: 2, date: MONDAY, closing: false },
  closed: false,
  newestIndex: MONDAY,
  index: new Map(),
  held: { settlement: undefined, finalPrice: undefined },
  short: [],
  ...change,
});
const NUMBERED = { numbered: 3, newest: { auction: 3, date: MONDAY, closing: true } } as const;
const BETWEEN = { newest: NUMBERED.newest } as const;
const ALL_CLOSED = { ...NUMBERED, closed: true } as const;

const heldAs = (proposal: HeldProposal, ...approvals: string[]): Held => ({
  ...propose(PRODUCT, MONDAY, proposal, [{ reason: 'index-stale', detail: 'x' }], SYSTEM),
  approvals,
});
const CURVE: HeldProposal = { kind: 'settlement', curve: curve(listed, 2444) };
const settlement = (...approvals: string[]): Partial<Seen> => ({
  held: { settlement: heldAs(CURVE, ...approvals), finalPrice: undefined },
});

/** A decision in a few words; an event by its kind. */
function inWords(decision: DayDecision): string {
  switch (decision.kind) {
    case 'wait':
      return `wait: ${decision.for}`;
    case 'look-again':
      return 'again';
    case 'commit':
      return decision.event.kind;
    case 'hold':
      return `hold ${decision.basis.proposal.kind}`;
    case 'revise':
      return `revise ${decision.held.proposal.kind}`;
    case 'move': {
      const { moved } = decision;
      return 'event' in moved && moved.event !== null ? `${moved.kind} ${moved.event}` : 'no expiry';
    }
    case 'report':
      return `report ${decision.event}`;
    case 'post':
      return 'post';
    default:
      return `${decision.kind} ${decision.auction}`;
  }
}

describe('what may happen now, by where the day stands and what is seen', () => {
  const STEPS = ['roll', 'close', 'clear', 'settle', 'expire', 'report'] as const;
  const [FIRST, OPEN] = [
    { ...BEFORE, lastAuction: 0 },
    { ...BEFORE, closedOn: on('2025-10-16') },
  ];
  const LATE = { posted: false };
  const STALE = { newestIndex: undefined };
  /** By step, in the order of STEPS; a dash where the log would be further ahead of the day than its next step. */
  const ROWS: [given: string, product: ProductState, seen: Partial<Seen>, decisions: string][] = [
    ['the auctions before it are posted', BEFORE, {}, 'number 3 | close 3 | wait: shards | again | again | again'],
    [
      'they have cleared and are not posted',
      BEFORE,
      LATE,
      'wait: earlier-auction | close 3 | wait: shards | again | again | again',
    ],
    ['one of them has not cleared', FIRST, {}, 'wait: earlier-auction | close 3 | wait: shards | again | again | again'],
    ['there has been no auction', FIRST, { newest: undefined }, 'number 1 | close 3 | wait: shards | again | again | again'],
    ['the day before it is not closed', OPEN, {}, 'wait: earlier-day | close 3 | wait: shards | again | again | again'],
    ['its auction has its number', BEFORE, NUMBERED, 'roll 3 | close 3 | wait: shards | again | again | again'],
    ['it was numbered between two reads', BEFORE, BETWEEN, 'again | close 3 | wait: shards | again | again | again'],
    ['every shard has closed it', BEFORE, ALL_CLOSED, 'roll 3 | close 3 | clear 3 | again | again | again'],
    ['it has cleared and is posted', CLEARED, NUMBERED, '- | close 3 | cleared 7 | prices-settled | again | again'],
    ['it has cleared and is not posted', CLEARED, LATE, '- | close 3 | post | prices-settled | again | again'],
    ['the curve is beyond a bound', CLEARED, STALE, '- | close 3 | cleared 7 | hold settlement | again | again'],
    ['the curve is held', CLEARED, settlement(), '- | close 3 | cleared 7 | wait: approval | again | again'],
    ['one operator agrees to it', CLEARED, settlement('olga'), '- | close 3 | cleared 7 | wait: approval | again | again'],
    ['two agree to it', CLEARED, settlement('olga', 'omar'), '- | close 3 | cleared 7 | prices-settled | again | again'],
    ['its prices are settled and posted', SETTLED, NUMBERED, '- | - | - | settled 8 | no expiry | day-closed'],
    ['its prices are settled, not posted', SETTLED, LATE, '- | - | - | post | post | day-closed'],
    ['its books are closed and posted', CLOSED, NUMBERED, '- | - | - | - | - | report 9'],
    ['auctions of the next day have cleared', tradedOn(CLEARED), NUMBERED, '- | close 3 | cleared 7 | prices-settled | - | -'],
    ['so they have since it was settled', tradedOn(SETTLED), NUMBERED, '- | - | - | settled 8 | no expiry | day-closed'],
    ['so they have since its books were closed', tradedOn(CLOSED), NUMBERED, '- | - | - | - | - | report 9'],
    ['its books are closed, not posted', CLOSED, LATE, '- | - | - | - | - | post'],
  ];
  const CASES = ROWS.flatMap(([given, product, change, decisions]) =>
    STEPS.map((step, at) => ({ given, step, at: seen(product, change), says: decisions.split(' | ')[at]! })),
  ).filter(({ says }) => says !== '-');

  test.each(CASES)('when $given, a day at $step: $says', ({ step, at, says }) => {
    expect(inWords(decideDay(DAYS[step], at))).toBe(says);
  });

  test.each(CASES)('while the venue is halted nothing happens, also when $given and the day is at $step', ({ step, at }) => {
    expect(inWords(decideDay(DAYS[step], { ...at, halted: true }))).toBe('wait: resume');
  });

  test.each(ROWS)('a day that is done waits for nothing, also when %s', (_, product, change) => {
    expect(inWords(decideDay(DAYS.done, seen(product, change)))).toBe('wait: nothing');
  });
});

describe('on the last trading day of a month', () => {
  const LAST = on('2025-10-31');
  const day = { ...DAYS.expire, date: LAST };
  const product: ProductState = {
    ...SETTLED,
    settledOn: LAST,
    closedOn: on('2025-10-30'),
    lastDay: { ...MONDAYS, date: LAST, settledBy: 8 },
  };
  const index = (...values: [BusinessDate, bigint][]): Partial<Seen> => ({ index: new Map(values) as Map<BusinessDate, Micros> });
  const ENOUGH = index([addDays(LAST, -1), 2_410_000n], [LAST, 2_415_000n]);
  const held = (...approvals: string[]): Partial<Seen> => ({
    held: { settlement: undefined, finalPrice: heldAs({ kind: 'final-price', month: OCT, price: ticks(2405) }, ...approvals) },
  });
  const EXPIRED: ProductState = {
    ...product,
    listed: [NOV, DEC, monthAfter(DEC)],
    marks: curve([NOV, DEC, monthAfter(DEC)], 2410),
    lastDay: { ...product.lastDay!, expiredBy: 9 },
    lastEvent: 9,
  };

  test.each<[given: string, seen: Seen, then: string]>([
    ['the index has what it needs, the month expires', seen(product, ENOUGH), 'month-expired'],
    [
      'the settlement is not posted, it expires all the same: the settle step has waited for that',
      seen(product, { ...ENOUGH, posted: false }),
      'month-expired',
    ],
    ['too few index values are there, the final price is held', seen(product, index([LAST, 2_410_000n])), 'hold final-price'],
    [
      'the last day’s own value is missing, it is held',
      seen(product, index([addDays(LAST, -2), 2_410_000n], [addDays(LAST, -1), 2_410_000n])),
      'hold final-price',
    ],
    ['it is held, the day waits', seen(product, held()), 'wait: approval'],
    ['it is held and its reason has gone, it stays held', seen(product, { ...ENOUGH, ...held('olga') }), 'wait: approval'],
    ['two operators agree to it, the month expires', seen(product, held('olga', 'omar')), 'month-expired'],
    ['the month has expired and is not posted, the shards are notified', seen(EXPIRED, { posted: false }), 'post'],
    ['the month has expired and is posted, the day goes on', seen(EXPIRED), 'expired 9'],
    ['it has, and auctions of the next day have cleared since, the day goes on by it', seen(tradedOn(EXPIRED)), 'expired 9'],
    ['the venue is halted, nothing expires', seen(product, { ...ENOUGH, halted: true }), 'wait: resume'],
  ])('when %s', (_, at, then) => {
    expect(inWords(decideDay(day, at))).toBe(then);
  });

  test('the event has the mean of the index, what it was made of, and the month that is listed instead', () => {
    expect(decideDay(day, seen(product, ENOUGH))).toEqual({
      kind: 'commit',
      event: {
        kind: 'month-expired',
        product: PRODUCT,
        date: LAST,
        month: OCT,
        mark: 2410,
        // The mean of 2.4100 and 2.4150 is 2.4125, half-way, so it goes to the even tick.
        finalPrice: 2412,
        index: { '2025-10-30': '2410000', '2025-10-31': '2415000' },
        listed: monthAfter(DEC),
        listedAt: 2410,
        approvedBy: [],
      },
    });
  });

  test('the event has the price that two operators agreed to, and their names', () => {
    expect(decideDay(day, seen(product, held('olga', 'omar')))).toMatchObject({
      event: { finalPrice: 2405, index: {}, approvedBy: ['olga', 'omar'] },
    });
  });

  test('what is held names its bounds and the price that would be posted', () => {
    expect(decideDay(day, seen(product, index([LAST, 2_410_000n])))).toEqual({
      kind: 'hold',
      basis: { proposal: { kind: 'final-price', month: OCT, price: 2410 }, index: { '2025-10-31': '2410000' } },
      holds: [expect.objectContaining({ reason: 'index-values-too-few' })],
    });
  });
});

describe('what is held rests on', () => {
  const LAST = on('2025-10-31');
  const day = { ...DAYS.expire, date: LAST };
  const product: ProductState = { ...SETTLED, settledOn: LAST, closedOn: on('2025-10-30') };
  const index = (...values: [day: number, price: number][]): Partial<Seen> => ({
    index: new Map(values.map(([at, price]) => [on(`2025-10-${at}`), (BigInt(price) * 1000n) as Micros])),
  });
  /** What the system holds when the value of the 30th is missing, with two operators' names on it. */
  const first = decideDay(day, seen(product, index([31, 2410])));
  if (first.kind !== 'hold') throw new Error('not held');
  const held: Held = {
    ...propose(PRODUCT, LAST, first.basis.proposal, first.holds, SYSTEM, first.basis),
    approvals: ['olga', 'omar'],
    revision: 3,
  };
  const decide = (finalPrice: Held, change: Partial<Seen>) =>
    decideDay(day, seen(product, { ...change, held: { settlement: undefined, finalPrice } }));

  test('the index values that it is the mean of: as long as they are the same it is committed as approved', () => {
    expect(decide(held, index([31, 2410]))).toMatchObject({
      kind: 'commit',
      event: { finalPrice: 2410, approvedBy: held.approvals },
    });
  });

  test.each<[what: string, now: Partial<Seen>, next: Partial<Held>]>([
    [
      'comes late',
      index([30, 2420], [31, 2410]),
      {
        proposal: { kind: 'final-price', month: OCT, price: ticks(2415) },
        holds: [],
        revised:
          'the index value of 2025-10-30 was missing and is 2420000; no longer: H100-SXM-2025-10 has 1 index values of the 2 it needs',
      },
    ],
    [
      'is another',
      index([31, 2430]),
      {
        proposal: { kind: 'final-price', month: OCT, price: ticks(2430) },
        holds: held.holds,
        revised: 'the index value of 2025-10-31 was 2410000 and is 2430000',
      },
    ],
  ])('when one %s the system proposes anew, and approvals start again though two had agreed', (_, now, next) => {
    const decision = decide(held, now);
    expect(decision).toMatchObject({ kind: 'revise', held, next: { ...next, approvals: [], revision: 4, proposedBy: SYSTEM } });
  });

  test('when one comes late a value that an operator has put there stays, and needs its approvals anew', () => {
    const amended: Held = { ...held, proposal: { kind: 'final-price', month: OCT, price: ticks(2405) }, proposedBy: 'olga' };
    const decision = decide(amended, index([30, 2420], [31, 2410]));
    expect(decision).toMatchObject({ kind: 'revise', next: { proposal: amended.proposal, proposedBy: 'olga', approvals: [] } });
    expect(decision.kind === 'revise' && decision.next.basis?.proposal).toMatchObject({ price: 2415 });
  });

  test('the curve and the bounds it broke: a value that ends one of them makes a new revision, which waits all the same', () => {
    const stale = decideDay(DAYS.settle, seen(CLEARED, { newestIndex: undefined }));
    if (stale.kind !== 'hold') throw new Error('not held');
    const settlement = propose(PRODUCT, MONDAY, stale.basis.proposal, stale.holds, SYSTEM, stale.basis);
    const holding = (change: Held): Seen => seen(CLEARED, { held: { settlement: change, finalPrice: undefined } });
    const decision = decideDay(DAYS.settle, holding(settlement));
    if (decision.kind !== 'revise') throw new Error('not revised');
    expect(decision.next).toMatchObject({ holds: [], revision: 2, revised: 'no longer: the newest index value is of no day' });
    expect(inWords(decideDay(DAYS.settle, holding(decision.next)))).toBe('wait: approval');
    expect(inWords(decideDay(DAYS.settle, holding({ ...decision.next, approvals: ['olga', 'omar'] })))).toBe('prices-settled');
  });
});

describe('the event that settles a day', () => {
  const event = {
    kind: 'prices-settled',
    product: PRODUCT,
    date: MONDAY,
    auction: 3,
    previous: curve(listed),
    settled: curve(listed, 2410),
    rollOpens: null,
    approvedBy: [],
  };
  test('starts from the marks and ends in the closing prices', () => {
    expect(decideDay(DAYS.settle, seen(CLEARED))).toEqual({ kind: 'commit', event });
  });

  test('ends in the curve that two operators agreed to, and has their names', () => {
    expect(decideDay(DAYS.settle, seen(CLEARED, settlement('olga', 'omar')))).toEqual({
      kind: 'commit',
      event: { ...event, settled: curve(listed, 2444), approvedBy: ['olga', 'omar'] },
    });
  });

  test('names the month whose roll window opens on the next business day', () => {
    const date = on('2025-11-06');
    const product = { ...CLEARED, toSettle: { ...CLEARED.toSettle!, date } };
    expect(decideDay({ ...DAYS.settle, date }, seen(product, { newestIndex: date }))).toMatchObject({
      event: { rollOpens: DEC },
    });
  });

  test('is held when the newest index value is stale, with the curve that would be posted', () => {
    expect(decideDay(DAYS.settle, seen(CLEARED, { newestIndex: on('2025-10-15') }))).toEqual({
      kind: 'hold',
      basis: { proposal: { kind: 'settlement', curve: curve(listed, 2410) }, index: {} },
      holds: [expect.objectContaining({ reason: 'index-stale' })],
    });
  });

  test('can’t be made of an auction that was not a closing one', () => {
    expect(() => decideDay(DAYS.settle, seen({ ...CLEARED, toSettle: null }))).toThrow(
      new DayOrderError('H100-SXM has no closing auction to settle 2025-10-20 by'),
    );
  });

  test('can’t be made of another kind of proposal', () => {
    const wrong = { held: { settlement: heldAs({ kind: 'index', micros: '1' }, 'olga', 'omar'), finalPrice: undefined } };
    expect(() => decideDay(DAYS.settle, seen(CLEARED, wrong))).toThrow(DayOrderError);
  });
});

describe('a day moves one step at a time', () => {
  const MOVES: DayMoved[] = [
    { kind: 'rolled', auction: 3 },
    { kind: 'closed' },
    { kind: 'cleared', event: 7 },
    { kind: 'settled', event: 8 },
    { kind: 'expired', event: null },
    { kind: 'reported', event: 9, report: REPORT },
  ];
  const MATRIX = DAY_STEPS.flatMap((step, at) =>
    MOVES.map((moved, ends): [DayStep, DayMoved['kind'], DayMoved, DayStep | undefined] => [
      step,
      moved.kind,
      moved,
      ends === at ? DAY_STEPS[at + 1] : undefined,
    ]),
  );

  test.each(MATRIX.filter(([, , , next]) => next !== undefined))(
    'at %s and %s, it keeps what it knows and adds what it learned',
    (step, _, moved, next) => {
      expect(evolveDay(DAYS[step], moved)).toEqual(DAYS[next!]);
    },
  );

  test.each(MATRIX.filter(([, , , next]) => next === undefined))('at %s it can’t have %s', (step, kind, moved) => {
    expect(() => evolveDay(DAYS[step], moved)).toThrow(new DayOrderError(`a day at ${step} can't have ${kind}`));
  });

  test('from roll to done by its own decisions', () => {
    const walk: [Seen, DayMoved | undefined][] = [
      [seen(BEFORE), undefined],
      [seen(BEFORE, NUMBERED), { kind: 'rolled', auction: 3 }],
      [seen(BEFORE, NUMBERED), { kind: 'closed' }],
      [seen(BEFORE, { ...NUMBERED, closed: true }), undefined],
      [seen(CLEARED, { ...NUMBERED, posted: false }), undefined],
      [seen(CLEARED, NUMBERED), undefined],
      [seen(CLEARED, NUMBERED), undefined],
      [seen(SETTLED, NUMBERED), undefined],
      [seen(SETTLED, NUMBERED), undefined],
      [seen(SETTLED, NUMBERED), undefined],
      [seen(CLOSED, NUMBERED), { kind: 'reported', event: 9, report: REPORT }],
    ];
    let day: Day = DAYS.roll;
    const said = walk.map(([at, done]) => {
      const decision = decideDay(day, at);
      const moved = decision.kind === 'move' ? decision.moved : done;
      if (moved) day = evolveDay(day, moved);
      return inWords(decision);
    });
    expect(said).toEqual([
      'number 3',
      'roll 3',
      'close 3',
      'clear 3',
      'post',
      'cleared 7',
      'prices-settled',
      'settled 8',
      'no expiry',
      'day-closed',
      'report 9',
    ]);
    expect(day).toEqual(DAYS.done);
  });
});

describe('when a day run is due', () => {
  const slot = (date: string, time = '20:00:00.000'): string => `${date}T${time}Z`;
  test.each<[given: string, closedOn: string, due: string, days: [date: string, slot: string][]]>([
    ['the day before is closed, that day is planned', '2025-10-17', slot('2025-10-20'), [['2025-10-20', slot('2025-10-20')]]],
    [
      'days were missed, they are planned before it, each at its own time',
      '2025-10-16',
      slot('2025-10-21', '20:00:07.000'),
      [
        ['2025-10-17', slot('2025-10-17')],
        ['2025-10-20', slot('2025-10-20')],
        ['2025-10-21', slot('2025-10-21', '20:00:07.000')],
      ],
    ],
    [
      'daylight saving ended meanwhile, each has the wall clock of its own day',
      '2025-10-30',
      slot('2025-11-03', '21:00:00.000'),
      [
        ['2025-10-31', slot('2025-10-31')],
        ['2025-11-03', slot('2025-11-03', '21:00:00.000')],
      ],
    ],
    ['its books are closed already, none is planned', '2025-10-20', slot('2025-10-20'), []],
    ['it is a Saturday, none is planned', '2025-10-17', slot('2025-10-18'), []],
    ['it is a holiday, none is planned', '2025-11-26', slot('2025-11-27', '21:00:00.000'), []],
    // At 22:00 in New York it is Tuesday in UTC.
    [
      'its date is another in UTC, it is that of the product’s zone',
      '2025-10-17',
      slot('2025-10-21', '02:00:00.000'),
      [['2025-10-20', slot('2025-10-21', '02:00:00.000')]],
    ],
  ])('and %s', (_, closedOn, due, days) => {
    expect(daysDue({ ...BEFORE, closedOn: on(closedOn) }, due, Date.parse(due))).toEqual(
      days.map(([date, at]) => ({ date, slot: at })),
    );
  });

  test('and its day has not come when it is asked for, none is planned, neither it nor those before it', () => {
    expect(daysDue(BEFORE, slot('2025-12-31', '21:00:00.000'), Date.parse(slot('2025-10-20')))).toEqual([]);
  });
});
