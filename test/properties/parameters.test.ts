/** Writer and reader of parameters refuse the same: what the API accepts the fold accepts, what the fold refuses the API refuses. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import { handler } from '../../lambdas/operator-api/index.ts';
import type { ParametersChanged } from '../../lib/domain/clearing/events.ts';
import { evolveVenue, LogOrderError, type VenueState } from '../../lib/domain/clearing/venue.ts';
import { nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { listedMonths, monthText, parseMonth } from '../../lib/domain/contract/months.ts';
import { PARAMETER_LIMITS, type WrittenParameters, writtenParameters } from '../../lib/domain/contract/parameters.ts';
import { type ForwardCurve, parsePrice } from '../../lib/domain/contract/product.ts';
import type { Ticks } from '../../lib/domain/contract/units.ts';
import { readWrittenRisk } from '../../lib/domain/contract/written-risk.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { H100, on } from '../venue/h100.ts';
import { type Answered, askByTwo, operator } from '../venue/requests.ts';

const { logger } = openBackends();

let engine: Engine;
let table: Table;
beforeAll(async () => {
  for (const level of ['info', 'error'] as const) vi.spyOn(logger, level).mockImplementation(() => {});
  engine = await startEngine();
  table = new Table();
});
afterAll(() => engine.stop());

const put = (product: string, body: unknown): Promise<Answered> =>
  askByTwo(handler, 'PUT /v1/operator/products/{product}', { claims: operator('olga'), path: { product }, body });
const seq = async (): Promise<number> => (await loadVenue(table)).seq;

/** Mostly good, so that most sets have one fault or none. */
const seldom = <T>(good: fc.Arbitrary<T>, ...bad: unknown[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 14, arbitrary: good }, { weight: 1, arbitrary: fc.constantFrom(...bad) as fc.Arbitrary<T> });
const whole = (name: keyof typeof PARAMETER_LIMITS, ...good: number[]): fc.Arbitrary<number> => {
  const [least, most] = PARAMETER_LIMITS[name];
  return seldom(fc.constantFrom(least, most, ...good), least - 1, most + 1, 1.5, '12', null);
};

/** Mostly of as many places as months are listed. */
const risk = (places: number): fc.Arbitrary<Pick<WrittenParameters, 'margin' | 'limits' | 'bands'>> => {
  const amount = seldom<string>(fc.constantFrom('0', '3'), '-1', '0.0000001', 'x', 5);
  const count = (...good: number[]): fc.Arbitrary<number> => seldom(fc.constantFrom(...good), -1, 1e13, 1.5, '3');
  const moves = (move: string, ...less: string[]): string[] => [
    ...Array.from({ length: Math.max(0, places) }, () => move),
    ...less,
  ];
  return fc.record({
    margin: seldom(
      fc.record({
        scenarios: seldom<string[][]>(
          fc.constantFrom([moves('2'), moves('-2')], [moves('0')]),
          [],
          [moves('1', '1')],
          [['x']],
          5,
        ),
        delivery: amount,
        funding: seldom(
          fc.constantFrom<{ from: string; through: string; addOn: string }[]>(
            [],
            [{ from: '2025-12-22', through: '2026-01-05', addOn: '1' }],
          ),
          [{ from: '2026-01-05', through: '2025-12-22', addOn: '1' }],
          [{ from: '2025-02-30', through: '2026-01-05', addOn: '1' }],
        ),
        concentration: seldom(
          fc.constantFrom<{ lots: number; addOn: string }[]>(
            [],
            [
              { lots: 10, addOn: '0' },
              { lots: 20, addOn: '4' },
            ],
          ),
          [
            { lots: 10, addOn: '4' },
            { lots: 20, addOn: '3' },
          ],
        ),
      }),
      null,
      [],
      {},
    ),
    limits: seldom(
      fc.record({
        orderLots: count(1, 1_000_000),
        monthLots: count(10, 1000),
        delivery: fc.record({ lots: count(0, 10), fromDay: count(1, 31) }),
        allLots: count(1, 1000),
        reportedLots: count(1, 1000),
      }),
      null,
    ),
    bands: seldom(fc.constantFrom(['1'], ['1', '2', '2']), [], ['2', '1'], ['0'], ['-1'], 'x'),
  });
};

const terms = fc.record({
  lotGpuHours: seldom(fc.constantFrom(1000, 10_000), 0, 1, 15, 1_000_001, '1000'),
  priceDecimals: seldom(fc.constantFrom(0, 2, 3), -1, 5, 6, 7, 2.5),
  listedMonths: whole('listedMonths', 12),
  timeZone: seldom(fc.constantFrom('America/New_York', 'UTC'), 'Mars/Olympus', '', 5),
  calendar: seldom(fc.constant('NYSE' as const), 'LSE', 'constructor', null),
  dayRunTime: seldom(fc.constantFrom('16:00', '00:00', '23:59'), '24:00', '9:00', '16:00\n', 1600),
  dailyLimit: seldom(fc.constantFrom('1', '20'), '0', '-1', '0.0000001', '100000001', 'x', '1e3', 1),
  rollBand: seldom(fc.constantFrom('0', '3'), '-1', '0.0000001', '', 2),
  indexValuesMin: whole('indexValuesMin', 12),
  indexAgeDaysMax: whole('indexAgeDaysMax', 4),
  indexMoveBasisPointsMax: whole('indexMoveBasisPointsMax', 3000),
  liveOrdersMax: whole('liveOrdersMax', 10_000),
  submissionsMax: whole('submissionsMax', 20_000),
  creditUsd: whole('creditUsd', 0),
  callDueTime: seldom(fc.constantFrom('10:00', '23:59'), '24:00', '9:00', 1000),
});
const written: fc.Arbitrary<WrittenParameters> = terms.chain((own) => {
  const places = Number.isInteger(own.listedMonths) ? Math.min(Math.max(own.listedMonths, 0), 24) : 12;
  return risk(places).map((rules) => ({ ...own, ...rules }));
});

/** A listing that fits the parameters, and then perhaps is spoilt. */
const listed = (parameters: WrittenParameters): fc.Arbitrary<{ date: string; curve: Record<string, string> }> => {
  const count = Number.isInteger(parameters.listedMonths) ? Math.min(Math.max(parameters.listedMonths, 0), 24) : 12;
  return fc
    .tuple(
      seldom<string>(fc.constantFrom('2025-10-17', '2025-10-31', '2025-12-31'), '2028-12-31', '2031-01-01'),
      seldom<string>(fc.constant('as it is'), 'a month short', 'a month more', 'zero', 'off the grid', 'too high'),
    )
    .map(([date, how]) => {
      const first = date < '2028' ? nextBusinessDay('NYSE', on(date)) : on('2027-01-04');
      const curve = Object.fromEntries(listedMonths('NYSE', first, count).map((month) => [monthText(month), '2']));
      const [near = '2025-11'] = Object.keys(curve);
      if (how === 'a month short') delete curve[near];
      if (how === 'a month more') curve['2040-01'] = '2';
      if (how === 'zero') curve[near] = '0';
      if (how === 'off the grid') curve[near] = '2.0000001';
      if (how === 'too high') curve[near] = '100000001';
      return { date, curve };
    });
};

/** Why the fold refuses the event that a body would become if nothing were checked on the way. */
function foldRefuses(
  venue: VenueState,
  product: string,
  { dailyLimit, rollBand, margin, limits, bands, ...rest }: WrittenParameters,
  listing?: { date: string; curve: Record<string, string> },
): string | undefined {
  const price = (text: unknown) => ((typeof text === 'string' ? parsePrice(text, rest) : undefined) ?? Number.NaN) as Ticks;
  const rules = readWrittenRisk({ margin, limits, bands }, rest);
  if (Array.isArray(rules)) return 'it is of another shape';
  const event: ParametersChanged = {
    kind: 'parameters-changed',
    product,
    version: (venue.products[product]?.version ?? 0) + 1,
    parameters: { ...rest, dailyLimitTicks: price(dailyLimit), rollBandTicks: price(rollBand), ...rules },
    ...(listing ? { listing: { date: on(listing.date), curve: curveOf(listing.curve, price) } } : {}),
    by: 'olga',
    at: '',
  };
  try {
    evolveVenue(venue, venue.seq + 1, '', event);
    return undefined;
  } catch (error) {
    if (error instanceof LogOrderError) return error.message;
    throw error;
  }
}
const curveOf = (curve: Record<string, string>, price: (text: string) => Ticks): ForwardCurve =>
  Object.fromEntries(Object.entries(curve).map(([name, text]) => [parseMonth(name), price(text)]));

test('a product is listed by the API exactly if the fold takes it, and otherwise nothing is written', async () => {
  let [accepted, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      written.chain((parameters) =>
        fc.tuple(fc.constant(parameters), fc.option(listed(parameters), { nil: undefined, freq: 20 })),
      ),
      async ([parameters, listing]) => {
        const product = `P${accepted + refused}`;
        const before = await loadVenue(table);
        const { status } = await put(product, { expectedVersion: 0, parameters, ...(listing ? { listing } : {}) });
        const refusal = foldRefuses(before, product, parameters, listing);
        expect([status, await seq()], refusal).toEqual(refusal ? [422, before.seq] : [200, before.seq + 1]);
        if (refusal) refused++;
        else accepted++;
      },
    ),
    { numRuns: 150, endOnFailure: true },
  );
  expect(Math.min(accepted, refused)).toBeGreaterThan(15);
});

test('a listed product is changed by the API exactly if the fold takes it', async () => {
  const parameters = { ...writtenParameters(H100) };
  const curve = Object.fromEntries(listedMonths('NYSE', on('2025-10-20'), 12).map((month) => [monthText(month), '2.400']));
  expect((await put('LISTED', { expectedVersion: 0, parameters, listing: { date: '2025-10-17', curve } })).status).toBe(200);
  let [accepted, refused] = [0, 0];
  const change = fc.tuple(written, fc.constantFrom('free', 'free', 'free', 'all')).map(([other, which]): WrittenParameters => {
    const { lotGpuHours, priceDecimals, listedMonths: count, timeZone, calendar, ...free } = other;
    // Its own scenarios have as many places as the other product lists.
    const margin = count === 12 ? free.margin : parameters.margin;
    return { ...parameters, ...(which === 'all' ? other : { ...free, margin }) };
  });
  await fc.assert(
    fc.asyncProperty(change, async (wanted) => {
      const venue = await loadVenue(table);
      const { version } = venue.products.LISTED!;
      const { status } = await put('LISTED', { expectedVersion: version, parameters: wanted });
      const refusal = foldRefuses(venue, 'LISTED', wanted);
      expect([status, await seq()], refusal).toEqual(refusal ? [422, venue.seq] : [200, venue.seq + 1]);
      if (refusal) refused++;
      else accepted++;
    }),
    { numRuns: 150, endOnFailure: true },
  );
  expect(Math.min(accepted, refused)).toBeGreaterThan(15);
});
