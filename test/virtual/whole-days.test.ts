/** Whole days of the market on the virtual cloud and on the local one, with its bundles, queues and engine: they end the same. */
import { describe, expect, it } from 'vitest';
import { differences, type End, endOf } from '../../lib/faults/run.ts';
import { EXPIRY, openMarket, play, ROLL, type Script, SELDOM } from '../../lib/faults/scripted-market.ts';
import { openVirtualMarket } from '../../lib/faults/virtual-market.ts';

async function playedLocally(script: Script): Promise<End> {
  await using market = await openMarket(script, { sweep: SELDOM });
  await play(market, script);
  return await endOf(market);
}

async function playedVirtually(script: Script, seed: number) {
  await using market = openVirtualMarket(script, { seed, sweep: SELDOM });
  await play(market, script);
  return { end: await endOf(market), trace: market.cloud.trace() };
}

describe.each<[name: string, script: Script]>(Object.entries({ EXPIRY, ROLL }))('%s', (_, script) => {
  it('ends on the virtual cloud as on the local one; by one seed it is the same day to the last request', async () => {
    const real = await playedLocally(script);
    expect(real.wrong).toEqual([]);
    expect(real.orders.size).toBeGreaterThan(10);
    expect(real.fills.size).toBeGreaterThan(10);
    const days = [];
    for (const seed of [1, 1, 2]) days.push(await playedVirtually(script, seed));
    for (const { end } of days) {
      expect(differences(real, end)).toEqual([]);
      expect(end).toEqual(real);
    }
    const [first, again, other] = days.map(({ trace }) => trace);
    expect(first!.steps).toBeGreaterThan(500);
    expect(again).toEqual(first);
    expect(other!.hash).not.toBe(first!.hash);
  });
});
