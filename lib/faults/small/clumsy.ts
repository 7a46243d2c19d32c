/** What a clumsy operator does, and a machine that is not looked after. Each of it may delay the market; none of it may stop it. */
import { instantOf } from '../../domain/contract/calendar.ts';
import { PRODUCT, secretOf } from '../scripted-market.ts';
import type { Act, Part } from './acts.ts';
import { askByTwo, deposit, OPERATORS, ROGUE, type SmallMarket, TERMS, ZONE } from './market.ts';

const TIMES = ['09:30', '09:59', '11:00', '12:59', '14:00', '15:45', '15:59', '16:40'] as const;

export const CLUMSY: readonly Part[] = [
  {
    name: 'halts and resumes',
    acts: (random) => {
      const from = random.between(0, TIMES.length - 1);
      const overnight = random.chance(30);
      const until = overnight ? random.between(0, TIMES.length - 2) : random.between(from, TIMES.length - 1);
      const after = random.between(0, 4_000);
      const stops = [halting(0, TIMES[from]!, after), resuming(overnight ? 1 : 0, TIMES[until]!, random.between(0, 4_000))];
      // Resumed in the same minute, it has to be resumed after it was halted.
      return overnight || until > from ? stops : [stops[0]!, resuming(0, '17:40', 0)];
    },
  },
  {
    name: 'halts again and again',
    acts: (random) =>
      TIMES.slice(0, -1)
        .filter(() => random.chance(50))
        .map((time) => {
          const rounds = Array.from(
            { length: random.between(2, 4) },
            () => [random.between(0, 1_500), random.between(0, 500)] as const,
          );
          return { day: 0, time, alongside: true, act: (market: SmallMarket) => flicker(market, rounds) };
        }),
  },
  {
    name: 'changes parameters',
    acts: (random) => {
      const change = random.pick([
        { dayRunTime: '13:00' },
        { dayRunTime: '10:00' },
        { dayRunTime: '15:30' },
        { dailyLimit: '0.001' },
        { rollBand: '0.000' },
        { indexAgeDaysMax: 0 },
        { liveOrdersMax: 20 },
        { submissionsMax: 10 },
      ]);
      return [
        { day: 0, time: random.pick(['08:30', '09:30', '11:00', '14:00']), act: (market) => changeTerms(market, change) },
        { day: random.between(0, 1) as 0 | 1, time: '17:00', act: (market) => changeTerms(market, {}) },
      ];
    },
  },
  {
    name: 'deposits all the time',
    acts: (random) => {
      const [count, time] = [random.between(20, 40), random.pick(['09:58', '12:58', '15:58'])];
      const deposits = async (market: SmallMarket) => {
        for (let at = 0; at < count; at++)
          await deposit(market, at % 3 ? ['fund'] : ['fund', ROGUE], `steady.${at}`, `${1 + at}.00`);
      };
      return [{ day: random.between(0, 1) as 0 | 1, time, alongside: true, act: deposits }];
    },
  },
  {
    name: 'asks for auctions on days that have none',
    acts: (random, { listed, closed }) => {
      const slots = [
        new Date(instantOf(listed, '21:00', ZONE)).toISOString(),
        `${closed}T15:00:00.000Z`,
        new Date(instantOf(listed, '16:00', ZONE)).toISOString(),
      ];
      const asks = (market: SmallMarket) => {
        for (const slot of slots) {
          market.cloud.send('closings', JSON.stringify({ v: 1, product: PRODUCT, slot }));
          market.cloud.send('rolls', JSON.stringify({ v: 1, product: PRODUCT, slot }));
        }
        return market.cloud.quiet();
      };
      const few: Act[] = [{ day: 0, time: '08:30', act: asks }];
      if (random.chance(50)) few.push({ day: random.between(0, 1) as 0 | 1, time: random.pick(TIMES), act: asks });
      return few;
    },
  },
  {
    name: 'asks for an auction ahead of its time',
    acts: (random, { trading }) => {
      const slot = new Date(instantOf(trading[0], random.pick(['13:00', '16:00']), ZONE)).toISOString();
      return [
        {
          day: 0,
          time: random.pick(['08:30', '11:00', '12:30']),
          act: async (market) => {
            market.notes.ahead.push(slot);
            market.cloud.send('closings', JSON.stringify({ v: 1, product: PRODUCT, slot }));
          },
        },
      ];
    },
  },
  {
    name: 'sends wake-ups for no reason',
    acts: (random) => {
      const wakeUps = (market: SmallMarket) => {
        const at = new Date(market.cloud.clock.now()).toISOString();
        for (const shard of [0, 1])
          market.cloud.send('postings.fifo', JSON.stringify({ v: 1, shard }), {
            group: `${shard}`,
            deduplication: `${at}.${shard}`,
          });
        for (const auction of [1, 2, 3, 99]) market.cloud.send('clearings', JSON.stringify({ v: 1, product: PRODUCT, auction }));
        market.cloud.send('day-runs', JSON.stringify({ v: 1, product: PRODUCT }));
        market.cloud.send('sweeps', JSON.stringify({ v: 1, at }));
        return market.cloud.quiet();
      };
      return [random.pick(TIMES), random.pick(TIMES)].map((time) => ({
        day: random.between(0, 1) as 0 | 1,
        time,
        ...(random.chance(50) ? { alongside: true as const } : {}),
        act: wakeUps,
      }));
    },
  },
];

const halting = (day: 0 | 1, time: string, afterMs: number): Act => ({
  day,
  time,
  alongside: true,
  act: async (market) => {
    await meanwhile(market, afterMs);
    market.notes.halts.push({ from: market.cloud.clock.now(), until: undefined });
    await market.ask('op-1', 'POST', '/v1/operator/venue/halt', { reason: 'a look at the books' });
  },
});

const resuming = (day: 0 | 1, time: string, afterMs: number): Act => ({
  day,
  time,
  alongside: true,
  act: async (market) => {
    await meanwhile(market, afterMs);
    await resume(market);
  },
});

export async function resume(market: SmallMarket): Promise<void> {
  await market.ask('op-2', 'POST', '/v1/operator/venue/resume', { reason: 'the books are in order' });
  for (const halt of market.notes.halts) halt.until ??= market.cloud.clock.now();
}

/** Lets the work of an auction go on for so long: it takes about a second from its schedule to its markers. */
const meanwhile = ({ cloud }: SmallMarket, ms: number): Promise<void> =>
  new Promise((resolve) => void cloud.timeline.after(ms, resolve));

/** Halts and resumes a few times, with so many milliseconds before and in each halt. */
async function flicker(market: SmallMarket, rounds: readonly (readonly [beforeMs: number, inMs: number])[]): Promise<void> {
  for (const [beforeMs, inMs] of rounds) {
    await meanwhile(market, beforeMs);
    market.notes.halts.push({ from: market.cloud.clock.now(), until: undefined });
    await market.ask('op-1', 'POST', '/v1/operator/venue/halt', { reason: 'a look' });
    await meanwhile(market, inMs);
    await resume(market);
  }
}

/** Changes the terms of the product from what they were in the beginning; a refusal is one. */
export async function changeTerms(market: SmallMarket, change: object): Promise<void> {
  const { body } = await market.ask('op-1', 'GET', '/v1/operator/products');
  const { version } = (body as { items: { version: number }[] }).items[0]!;
  await askByTwo(market, 'PUT', `/v1/operator/products/${PRODUCT}`, {
    expectedVersion: version,
    parameters: { ...TERMS, ...change },
  });
}

/** How the index is published: by another hand than the careful one. */
export const PUBLISHING: readonly Part[] = [
  {
    name: 'publishes the index a day late',
    acts: (random, { trading }) => [
      { day: 1, time: random.pick(['08:30', '09:30', '12:30', '15:00']), act: (market) => publish(market, trading[0], '2.400') },
      { day: 1, time: '15:30', act: (market) => publish(market, trading[1], '2.401') },
    ],
  },
  {
    name: 'publishes what can not be, amends it and has it approved',
    acts: (random, { trading }) => {
      const wrong = random.pick(['240.000', '0.024', '-2.400', '0']);
      return [
        { day: 0, time: '15:00', act: (market) => proposeIndex(market, trading[0], wrong) },
        { day: 0, time: '15:30', act: (market) => amend(market, `index.${PRODUCT}.${trading[0]}`, { value: '2.402' }) },
        { day: random.between(0, 1) as 0 | 1, time: '16:30', act: (market) => approveAll(market) },
        { day: 1, time: '15:30', act: (market) => publish(market, trading[1], '2.401') },
      ];
    },
  },
  {
    name: 'approves what has changed since',
    acts: (random, { trading }) => {
      const read: Waiting[] = [];
      const look = async (market: SmallMarket) => void read.push(...(await waiting(market)));
      const agreed = random.chance(50);
      return [
        { day: 0, time: '16:30', act: look },
        {
          day: 0,
          time: '16:35',
          act: async (market) => {
            if (agreed) await approve(market, 'op-1', read);
            // What a final price rests on: the value of the month's last day, which comes late.
            await publish(market, trading[0], '2.600');
          },
        },
        { day: 0, time: '16:45', act: (market) => approve(market, 'op-1', read) },
        { day: 0, time: '16:50', act: (market) => approve(market, 'op-2', read) },
        { day: 1, time: '15:30', act: (market) => publish(market, trading[1], '2.401') },
      ];
    },
  },
];

interface Waiting {
  readonly held: string;
  readonly revision: number;
  readonly approvals: readonly string[];
}

const indexPath = (date: string): string => `/v1/operator/index/${PRODUCT}/${date}`;

/** By both operators. */
export const publish = (market: SmallMarket, date: string, value: string) => askByTwo(market, 'PUT', indexPath(date), { value });

const proposeIndex = (market: SmallMarket, date: string, value: string) => market.ask('op-1', 'PUT', indexPath(date), { value });

async function amend(market: SmallMarket, held: string, change: object): Promise<void> {
  const found = (await waiting(market)).find((one) => one.held === held);
  if (found) await market.ask('op-1', 'POST', `/v1/operator/held/${held}/amend`, { revision: found.revision, ...change });
}

/** Everything that waits, page by page. */
export async function waiting(market: SmallMarket): Promise<Waiting[]> {
  const found: Waiting[] = [];
  for (let after: string | undefined; ; ) {
    const { body } = await market.ask(
      'op-1',
      'GET',
      `/v1/operator/held?waiting=true${after === undefined ? '' : `&cursor=${after}`}`,
    );
    const { items, next } = body as { items: Waiting[]; next?: string };
    found.push(...items);
    if (next === undefined) return found;
    after = next;
  }
}

async function approve(market: SmallMarket, by: (typeof OPERATORS)[number], held: readonly Waiting[]): Promise<void> {
  for (const { held: id, revision, approvals } of held)
    await market.ask(by, 'POST', `/v1/operator/held/${id}/approve`, {
      revision: revision + (approvals.length === 0 && by === 'op-2' ? 1 : 0),
    });
}

/** Two operators agree to everything that is held, as it now stands: index values first, since prices rest on them. */
export async function approveAll(market: SmallMarket): Promise<void> {
  for (const kind of ['index.', '']) {
    for (const by of OPERATORS)
      for (const { held, revision, approvals } of await waiting(market))
        if (held.startsWith(kind) && !approvals.includes(by))
          await market.ask(by, 'POST', `/v1/operator/held/${held}/approve`, { revision });
    await market.cloud.quiet();
  }
}

/** Operators who do not agree: each proposes, approves and declines the same at the same time. */
export const AT_ODDS: readonly Part[] = [
  {
    name: 'proposes, approves and declines at once',
    acts: (random) =>
      (['09:40', '12:59', '15:59'] as const).map((time, at) => {
        const steps = Array.from(
          { length: random.between(3, 8) },
          () =>
            [
              random.pick(OPERATORS),
              random.pick(['approve', 'approve', 'decline', 'propose'] as const),
              random.between(0, 900),
            ] as const,
        );
        return {
          day: random.between(0, 1) as 0 | 1,
          time,
          alongside: true,
          act: (market) => disagree(market, `odds.${at}`, steps),
        };
      }),
  },
];

async function disagree(
  market: SmallMarket,
  reference: string,
  steps: readonly (readonly [by: (typeof OPERATORS)[number], what: 'propose' | 'approve' | 'decline', afterMs: number])[],
): Promise<void> {
  const movements = [{ account: 'fund', reference, amount: '200000.00' }];
  const propose = (by: (typeof OPERATORS)[number]) => market.ask(by, 'POST', '/v1/operator/cash-movements', { movements });
  const { held } = ((await propose('op-1')).body ?? {}) as { held?: string };
  if (held === undefined) return;
  await Promise.all(
    steps.map(async ([by, what, afterMs]) => {
      await meanwhile(market, afterMs);
      if (what === 'propose') return propose(by);
      const revision = (await waiting(market)).find((one) => one.held === held)?.revision ?? 1;
      const reason = what === 'decline' ? { reason: 'not agreed' } : {};
      const { status } = await market.ask(by, 'POST', `/v1/operator/held/${held}/${what}`, { revision, ...reason });
      // Whatever comes before or after it, what an approval has answered as done is done.
      if (what === 'approve' && status === 200 && !market.deposited.includes(`fund ${reference}`))
        market.deposited.push(`fund ${reference}`);
      return status;
    }),
  );
}

/** How dead letters come about, and how they are sent back: by hand, at any time. */
export const DEAD_LETTERS: readonly Part[] = [
  {
    name: 'sends a submission back that was cancelled meanwhile',
    acts: (random) => {
      const clientOrderId = `${secretOf('fund')}lost`;
      const send = async (market: SmallMarket) => {
        const key = market.key();
        stick(market, key);
        const order = { clientOrderId, side: 'buy', contract: market.contracts[1]!, price: '2.411', lots: 2, timeInForce: 'gtc' };
        await market.submit('fund', [order], key);
      };
      const cancel = async (market: SmallMarket) => {
        market.notes.cancelled.add(clientOrderId);
        await market.submit('fund', [{ cancel: clientOrderId }]);
      };
      return [
        { day: 0, time: '09:10', act: send },
        { day: 0, time: '09:20', act: cancel },
        redriving(random.between(0, 1) as 0 | 1, random.pick(['09:40', '11:00', '14:00', '17:00'])),
      ];
    },
  },
  {
    name: 'sends back what cuts an auction',
    acts: (random, { trading }) => {
      const slot = new Date(instantOf(trading[0], random.pick(['10:00', '13:00']), ZONE)).toISOString();
      // A schedule writes its time without the milliseconds, so the second is the message that has the auction closed.
      const what = random.pick([`"kind":"marker","product":"${PRODUCT}","shard":1`, `"slot":"${slot.slice(0, 19)}Z"`]);
      return [
        { day: 0, time: '08:30', act: async (market) => stick(market, what) },
        redriving(0, random.pick(['11:00', '12:30', '14:00', '17:00'])),
      ];
    },
  },
];

function stick({ notes: { stuck, everStuck } }: SmallMarket, text: string): void {
  stuck.add(text);
  everStuck.add(text);
}

const redriving = (day: 0 | 1, time: string): Act => ({
  day,
  time,
  act: async (market) => redriveAll(market),
});

/** From now on nothing is stuck any more, and every dead letter goes back where it came from. Gives their number. */
export function redriveAll({ cloud, notes }: SmallMarket): number {
  notes.stuck.clear();
  const queues = new Set(cloud.deadLetters().map(({ queue }) => queue));
  return [...queues].reduce((sum, queue) => sum + cloud.redrive(queue), 0);
}
