/** Whole days of the template's own schedules on a clock that is moved: what the calendar does to them. The rules alone are in `test/domain/contract/calendar.test.ts`. */
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { PRODUCT } from '../venue/h100.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { outright } from '../venue/whole-venue.ts';

let venue: LocalVenue;

/** Opens at 09:00 on the first trading day. */
async function open(listed: string): Promise<void> {
  venue = await openLocalVenue({ listed, scheduled: [PRODUCT], sweep: { hours: [18], minutes: [30] } });
  const opened = venue;
  onTestFinished(() => opened[Symbol.asyncDispose]());
  await venue.list();
}
afterEach(async () => {
  expect(venue.cloud.deadLetters()).toEqual([]);
  await venue.expectSound();
});

const publish = (date: string, value = '2.410') => venue.publishIndex(date, value);
/** A day from its morning to its evening. */
async function day(date: string, value?: string): Promise<void> {
  await venue.go(date, '09:00');
  await publish(date, value);
  await venue.go(date, '19:00');
}
const days = async () => {
  const { items } = (await venue.operator.get(`/v1/operator/days/${PRODUCT}`)) as { items: { date: string; step: string }[] };
  return items.map(({ date, step }) => `${date} ${step}`).reverse();
};
const slots = async () => (await venue.auctions()).map(({ slot }) => new Date(slot).toISOString().slice(0, 16)).reverse();
const trade = async (month: string, lots: number, price = '2.410'): Promise<void> => {
  await venue.submit('fund', PRODUCT, [outright(PRODUCT, `b-${month}`, 'buy', lots, price, { month })]);
  await venue.submit('maker', PRODUCT, [outright(PRODUCT, `s-${month}`, 'sell', lots, price, { month })]);
};
const report = async (date: string) =>
  ((await venue.operator.get(`/v1/operator/days/${PRODUCT}/${date}`)) as { report: { expired: object | null; near: string } })
    .report;

describe('daylight saving, leap day, holiday, month end', () => {
  it.each([
    ['end', '2025-10-30', '2025-10-31', '2025-11-03', ['14:00', '17:00', '20:00'], ['15:00', '18:00', '21:00']],
    ['beginning', '2026-03-05', '2026-03-06', '2026-03-09', ['15:00', '18:00', '21:00'], ['14:00', '17:00', '20:00']],
  ])(
    'over the %s of daylight saving the auctions stay at 10:00, 13:00 and 16:00 in New York',
    async (_, listed, friday, monday, before, after) => {
      await open(listed);
      await day(friday);
      await day(monday);
      expect(await slots()).toEqual([...before.map((time) => `${friday}T${time}`), ...after.map((time) => `${monday}T${time}`)]);
      expect(await days()).toEqual([`${friday} done`, `${monday} done`]);
    },
  );

  it('a leap day trades, and as the last business day of its month it expires the contract', async () => {
    await open('2028-02-25');
    await trade('2028-02', 4);
    await day('2028-02-28', '2.400');
    await day('2028-02-29', '2.500');
    await day('2028-03-01', '2.500');
    expect(await slots()).toHaveLength(9);
    expect(await days()).toEqual(['2028-02-28 done', '2028-02-29 done', '2028-03-01 done']);
    const dates = (await venue.statements('fund'))
      .reverse()
      .map(({ date, positions }) => [date, positions.map(({ lots }) => lots)]);
    expect(dates.slice(0, 2)).toEqual([
      ['2028-02-28', [4]],
      ['2028-02-29', []],
    ]);
    expect((await report('2028-02-28')).expired).toBeNull();
    expect((await report('2028-02-29')).expired).toMatchObject({
      contract: `${PRODUCT}-2028-02`,
      finalPrice: '2.450',
      indexValues: 2,
    });
    // Bought at 2.410 and settled at 2.450: forty ticks on four lots.
    expect([await venue.cash('fund'), await venue.cash('maker')]).toEqual(['1000160.00', '999840.00']);
    const { items } = (await venue.as.fund.get('/v1/contracts')) as { items: { contract: string }[] };
    expect([items[0]!.contract, items.at(-1)!.contract, items.length]).toEqual([`${PRODUCT}-2028-03`, `${PRODUCT}-2029-02`, 12]);
  });

  it('a holiday has no auction and no day run; a month that ends on a Sunday expires on its last business day', async () => {
    await open('2025-11-25');
    await trade('2025-11', 4);
    await day('2025-11-26', '2.400');
    // Thanksgiving: the schedules fire as on any Thursday, and an order waits.
    await venue.go('2025-11-27', '09:00');
    await publish('2025-11-27', '2.430');
    const order = await venue.submit('fund', PRODUCT, [outright(PRODUCT, 'rest', 'buy', 1, '2.300', { timeInForce: 'gtc' })]);
    await venue.go('2025-11-27', '19:00');
    expect(await slots()).toHaveLength(3);
    expect(await days()).toEqual(['2025-11-26 done']);
    await day('2025-11-28', '2.460');
    expect(await venue.outcome('fund', order)).toMatchObject({ auction: 4 });
    expect(await days()).toEqual(['2025-11-26 done', '2025-11-28 done']);
    // Values of the holiday count; those of the 29th and 30th come when the month has expired.
    const { expired } = await report('2025-11-28');
    expect(expired).toMatchObject({ contract: `${PRODUCT}-2025-11`, finalPrice: '2.430', indexValues: 3 });
    expect(await venue.lots('fund', PRODUCT)).toEqual({});
    expect(await venue.cash('fund')).toBe('1000080.00');
  });

  it('a roll window goes around a holiday: a fifth a business day, none on the day the exchange is closed', async () => {
    // Business days 5 to 9 of January 2025 are the 8th, 10th, 13th, 14th and 15th; the 9th was a day of mourning.
    await open('2025-01-06');
    await venue.as.fund.put(`/v1/roll-instructions/${PRODUCT}`, { at: 'market' });
    await trade('2025-02', 10);
    await day('2025-01-07');
    const spread = { clientOrderId: 'x', buy: `${PRODUCT}-2025-02`, sell: `${PRODUCT}-2025-03`, price: '0.050', lots: 50 };
    await venue.submit('maker', PRODUCT, [{ ...spread, timeInForce: 'gtc' }]);
    for (const date of ['2025-01-08', '2025-01-09', '2025-01-10', '2025-01-13', '2025-01-14', '2025-01-15', '2025-01-16'])
      await day(date);
    expect((await venue.statements('fund')).reverse().map(({ date, rolledLots }) => [date, rolledLots])).toEqual([
      ['2025-01-07', 0],
      ['2025-01-08', 2],
      ['2025-01-10', 2],
      ['2025-01-13', 2],
      ['2025-01-14', 2],
      ['2025-01-15', 2],
      ['2025-01-16', 0],
    ]);
    expect(await venue.lots('fund', PRODUCT)).toEqual({ '2025-03': 10 });
    expect((await report('2025-01-15')).near).toBe(`${PRODUCT}-2025-02`);
    expect((await report('2025-01-16')).near).toBe(`${PRODUCT}-2025-03`);
  });
});
