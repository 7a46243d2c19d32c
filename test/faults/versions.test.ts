/**
 * Two versions of the code at once, as while a release shifts traffic: N is this tree, N+1 is built from it with lines
 * changed, and days of the market must end as N alone ends them. And what happens when a version breaks the rule of decision 7.
 */
import { beforeAll, expect, it } from 'vitest';
import type { Edit } from '../../lib/faults/changed-sources.ts';
import { differences, type End, endOf, playToEnd } from '../../lib/faults/run.ts';
import { EXPIRY, HOURLY, type Market, openMarket, play } from '../../lib/faults/scripted-market.ts';
import { ADDS, bundlesWith } from './patched.ts';

/** N+1 writes submissions in a form of its own, and reads both: a writer released before the readers. */
const BREAKS: Edit[] = [
  ['lambdas/participant-api/submissions.ts', 'v: 1,', 'v: 2 as 1,'],
  [
    'lib/store/messages.ts',
    'v: version,\n  kind: z.literal("submission")'.replaceAll('"', "'"),
    "v: z.union([version, z.literal(2)]),\n  kind: z.literal('submission')",
  ],
];

const OPTIONS = { sweep: HOURLY, limits: { redeliveryMs: 20 } } as const;

let alone: End;
let next: string;
beforeAll(async () => {
  next = bundlesWith(ADDS);
  alone = await playToEnd(EXPIRY);
});

/** How many items of a kind each version wrote. */
async function writersOf(market: Market, kind: string): Promise<{ now: number; next: number }> {
  const items = (await Array.fromAsync(market.table.scan())).filter(({ pk }) => pk?.S?.split('#', 1)[0] === kind);
  const byNext = items.filter(({ by }) => by?.S === 'next').length;
  return { now: items.length - byNext, next: byNext };
}

it('N and N+1 together take a day to where N alone takes it', async () => {
  await using market = await openMarket(EXPIRY, { ...OPTIONS, canary: { bundles: next, weight: 50 } });
  await play(market, EXPIRY);
  expect(differences(alone, await endOf(market))).toEqual([]);
  for (const kind of ['LOG', 'BOOK']) {
    const wrote = await writersOf(market, kind);
    expect(wrote.now, kind).toBeGreaterThan(0);
    expect(wrote.next, kind).toBeGreaterThan(0);
  }
});

it('messages that N has sent are worked by N+1 after a whole switch', async () => {
  const inFlight = new Set<string>();
  let switched = false;
  await using market = await openMarket(EXPIRY, {
    ...OPTIONS,
    canary: { bundles: next, weight: 0 },
    // The first orders wait in their queue until the new version has all the traffic.
    messages: (queue, body) => {
      if (switched || queue !== 'orders.fifo') return undefined;
      inFlight.add(body);
      if (inFlight.size < 2) return 'late';
      market.cloud.shift(100);
      switched = true;
      return 'late';
    },
  });
  await play(market, EXPIRY);
  expect([...inFlight].filter((body) => 'hints' in JSON.parse(body))).toEqual([]);
  expect(await writersOf(market, 'BOOK')).toMatchObject({ now: 0 });
  expect(differences(alone, await endOf(market))).toEqual([]);
});

it('a message of a version that no running code can read waits among the dead letters, and is not lost', async () => {
  const tooEarly = bundlesWith(BREAKS);
  let refused = 0;
  await using market = await openMarket(EXPIRY, {
    ...OPTIONS,
    limits: { redeliveryMs: 1 },
    canary: { bundles: tooEarly, weight: { 'participant-api': 100 } },
    messages: (_, body) => {
      if (JSON.parse(body).v === 2) refused++;
      return undefined;
    },
  });
  let dead = 0;
  await play(market, EXPIRY, async () => {
    if (dead > 0) return;
    // N has read none of them as something else: each has failed as often as it may, and no book holds an order.
    const letters = market.cloud.deadLetters();
    dead = letters.length;
    expect(letters.map(({ queue }) => queue)).toEqual(letters.map(() => 'orders-dlq.fifo'));
    expect(dead).toBe(market.submitted.length);
    expect(refused).toBeGreaterThan(dead);
    expect(await writersOf(market, 'BOOK')).toEqual({ now: 0, next: 0 });
    // From here on, what N refuses comes again until N+1 has it.
    market.cloud.shift(50);
    expect(market.cloud.redrive('orders-dlq.fifo')).toBe(dead);
    await market.cloud.quiet();
  });
  expect(dead).toBeGreaterThan(0);
  expect(differences(alone, await endOf(market))).toEqual([]);
});
