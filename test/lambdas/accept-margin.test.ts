/** No order is taken that its account could not pay for: at every moment at which it may come, and by every worker that may decide it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Worker } from '../../lambdas/accept-orders/account-intakes.ts';
import { acceptOrders } from '../../lambdas/accept-orders/index.ts';
import { auditVenue } from '../../lib/audit/audit.ts';
import { keyDate } from '../../lib/domain/auction/idempotency-key.ts';
import type { Instruction, Outcome } from '../../lib/domain/auction/orders.ts';
import type { ProductParameters } from '../../lib/domain/contract/product.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { shardOf, submissionKey } from '../../lib/store/keys.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { packOutcomes } from '../../lib/store/packing.ts';
import { readSubmission, sealOf } from '../../lib/store/submissions.ts';
import { B, S } from '../../lib/store/table.ts';
import { SHARDS } from '../venue/accounts.ts';
import { moved, opened } from '../venue/events.ts';
import { DEC, NOV, newYork, newYorkMs, RISKY } from '../venue/h100.ts';
import { buy, cancel, replace, sell, spread } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { deliver, deliverTo, openWorkerVenue, type QueueHandler } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();

const TEN = newYork('2025-10-20', '10:00');
const ONE = newYork('2025-10-20', '13:00');
/** What one lot needs at its mark: 300 ticks. */
const LOT_CENTS = 30_000n;

let product: string;
let names = 0;
/** A new account of a shard, open for the product, with cash. */
async function trader(cents: bigint, { shard = 0, name }: { shard?: number; name?: string } = {}): Promise<string> {
  let account = name ?? `t${++names}`;
  while (name === undefined && shardOf(account, SHARDS) !== shard) account = `t${++names}`;
  await venue.commit({ ...opened(account), accounts: [{ account, name: account, product }] });
  if (cents > 0n) await venue.commit(moved(account, cents));
  return account;
}
const post = async (...shards: number[]): Promise<void> => {
  await venue.queues.notifyPostings((await loadVenue(venue.table)).seq, shards.length ? shards : [0, 1]);
  await venue.work('postings');
};
async function list(parameters: Partial<ProductParameters> = {}): Promise<void> {
  product = venue.nextProduct();
  await venue.list(product, { parameters: { ...RISKY, ...parameters } });
}
let clock = 0;
beforeEach(() => {
  clock = newYorkMs('2025-10-20', '09:30');
  return list();
});

async function sendTo(worker: QueueHandler | undefined, account: string, ...instructions: Instruction[]) {
  clock += 1000;
  const message = submission(product, account, new Date(clock).toISOString(), instructions);
  const failed = worker ? await deliverTo(worker, 'orders', message) : await deliver('orders', message);
  expect(failed).toEqual([]);
  const { shard, key } = message;
  return (await readSubmission(venue.table, product, shard, account, key))!;
}
const send = async (account: string, ...instructions: Instruction[]): Promise<readonly Outcome[]> =>
  (await sendTo(undefined, account, ...instructions)).outcomes;
const cut = async (slot: string): Promise<void> => {
  await deliver('closings', { v: 1, product, slot });
  await venue.work('orders');
  clock = Date.parse(slot) + 60_000;
};

describe('an order', () => {
  it('is taken up to what the cash covers, with its figures when it is not', async () => {
    const account = await trader(2n * LOT_CENTS);
    const { outcomes, figures, decidedOn } = await sendTo(
      undefined,
      account,
      buy('a', NOV, 2400, 1),
      buy('b', NOV, 2400, 2),
      buy('c', DEC, 2401, 1),
      buy('d', DEC, 2400, 1),
    );
    expect(outcomes).toEqual(['accepted', 'margin', 'margin', 'accepted']);
    expect(figures).toEqual([
      { reason: 'margin', before: LOT_CENTS, would: 3n * LOT_CENTS, cover: 2n * LOT_CENTS },
      { reason: 'margin', before: LOT_CENTS, would: 2n * LOT_CENTS + 100n, cover: 2n * LOT_CENTS },
    ]);
    expect(decidedOn).toBe((await loadVenue(venue.table)).seq);
  });

  it('of which only one side can lose counts once, and a spread by how far its months move apart', async () => {
    const account = await trader(LOT_CENTS);
    expect(await send(account, buy('b', NOV, 2400, 1), sell('s', NOV, 2400, 1), sell('t', NOV, 2399, 1))).toEqual([
      'accepted',
      'accepted',
      'margin',
    ]);
    const other = await trader(LOT_CENTS);
    expect(await send(other, spread('s', DEC, NOV, 0, 3), spread('t', DEC, NOV, 0, 1))).toEqual(['accepted', 'margin']);
  });

  it('that takes risk off passes when the account is short, one that adds some does not, and a cancel makes room', async () => {
    const [account, other] = [await trader(2n * LOT_CENTS), await trader(100n * LOT_CENTS, { shard: 1 })];
    await send(account, buy('a', NOV, 2400, 2));
    await send(other, sell('s', NOV, 2400, 2));
    await cut(TEN);
    await venue.work();
    await venue.commit(moved(account, -LOT_CENTS));
    expect(await send(account, buy('b', NOV, 2000, 1), sell('c', NOV, 2400, 2), sell('d', NOV, 2400, 1))).toEqual([
      'accepted',
      'accepted',
      'accepted',
    ]);
    expect(await send(account, buy('e', NOV, 2400, 1), sell('f', NOV, 2400, 2))).toEqual(['margin', 'margin']);
    expect(await send(account, cancel('c'), sell('f', NOV, 2400, 2))).toEqual(['accepted', 'accepted']);
  });

  it('is replaced by a smaller one at any time, and by a larger one only if that is covered', async () => {
    const account = await trader(2n * LOT_CENTS);
    expect(
      await send(
        account,
        buy('a', NOV, 2400, 2, 'gtc'),
        replace('a', buy('b', NOV, 2400, 3, 'gtc')),
        replace('a', buy('c', NOV, 2400, 1, 'gtc')),
        buy('d', NOV, 2400, 1),
      ),
    ).toEqual(['accepted', 'margin', 'accepted', 'accepted']);
  });
});

describe('one lot for which there is cash', () => {
  /** What is done to the first order, one step after the other. */
  const STEPS = [
    ['it is open', async () => {}],
    ['it is cancelled too late', () => cut(TEN)],
    ['its auction has cleared and nothing is posted', () => venue.work('clearings')],
    ['the other shard has posted', () => post(1)],
    ['its own shard has posted', () => post(0)],
    ['the next auction is cut', () => cut(ONE)],
    ['the next auction has cleared', () => venue.work()],
  ] as const;

  const begin = async (): Promise<string> => {
    const [account, other] = [await trader(LOT_CENTS), await trader(100n * LOT_CENTS, { shard: 1 })];
    await post();
    expect(await send(account, buy('first', NOV, 2400, 1, 'gtc'))).toEqual(['accepted']);
    await send(other, sell('s', NOV, 2400, 1));
    return account;
  };

  it('is all that is taken at every moment from the order to its posted fill, by workers that keep and by one that reads', async () => {
    const account = await begin();
    const kept = acceptOrders(new Worker());
    for (const [at, [, step]] of STEPS.entries()) {
      await step();
      const workers = [kept, acceptOrders(new Worker({ keptOrdersMax: 0, metMax: 0, keptAccountsMax: 0 })), undefined];
      for (const [which, worker] of workers.entries()) {
        const said = [buy(`more-${at}-${which}`, NOV, 2400, 1), buy(`dear-${at}-${which}`, DEC, 2400, 1)];
        const { outcomes } = await sendTo(worker, account, ...said);
        expect([STEPS[at]![0], which, outcomes]).toEqual([STEPS[at]![0], which, ['margin', 'margin']]);
      }
      if (at === 1) expect(await send(account, cancel('first'), buy('more', NOV, 2400, 1))).toEqual(['deferred', 'margin']);
    }
    expect((await readAccount(venue.table, account, SHARDS))!.products[product]!.lots).toEqual({ [NOV]: 1 });
  });

  it.each([1, 2, 3, 4].flatMap((from) => [0, 1, 2, 3, 4, 5, 6, 7].map((reads) => [STEPS[from]![0], from, reads] as const)))(
    'is all that is taken while it happens that %s (step %i), before read %i of the worker',
    async (_, from, reads) => {
      const account = await begin();
      for (const [, step] of STEPS.slice(0, from)) await step();
      const worker = acceptOrders(new Worker());
      await sendTo(worker, account, cancel('none'));
      if (from === 1) return;
      let left = reads;
      const [get, query] = [venue.table.get.bind(venue.table), venue.table.query.bind(venue.table)];
      const meanwhile = async (): Promise<void> => {
        if (left-- !== 0) return;
        Object.assign(venue.table, { get, query });
        await STEPS[from]![1]();
      };
      for (const late of [acceptOrders(new Worker()), worker]) {
        left = reads;
        venue.table.get = async (...args) => {
          await meanwhile();
          return get(...args);
        };
        venue.table.query = async function* (...args) {
          await meanwhile();
          yield* query(...args);
        };
        const { outcomes } = await sendTo(late, account, buy(`more-${left}`, NOV, 2400, 1), buy('dear', DEC, 2400, 1));
        Object.assign(venue.table, { get, query });
        expect(outcomes).toEqual(['margin', 'margin']);
      }
    },
  );
});

describe('a thousand orders at the limit', () => {
  it('cost the same, the thousandth as the first', async () => {
    const account = await trader(500n * LOT_CENTS);
    await post();
    const worker = acceptOrders(new Worker());
    const costs: number[] = [];
    const said: Outcome[] = [];
    for (let at = 0; at < 1000; at++) {
      venue.engine.requests.length = 0;
      clock += 100;
      const message = submission(product, account, new Date(clock).toISOString(), [buy(`o${at}`, NOV, 2400, 1)]);
      expect(await deliverTo(worker, 'orders', message)).toEqual([]);
      costs.push(venue.engine.requests.length);
      if (at % 100 === 99)
        said.push(...(await readSubmission(venue.table, product, message.shard, account, message.key))!.outcomes);
    }
    expect(new Set(costs.slice(1))).toEqual(new Set([costs[1]]));
    expect(said).toEqual([...Array(5).fill('accepted'), ...Array(5).fill('margin')]);
  });
});

describe('a deferred replacement', () => {
  it('needs what the greater of the two needs, until it is known which of them trades', async () => {
    const account = await trader(3n * LOT_CENTS);
    await send(account, buy('old', NOV, 2400, 1, 'gtc'));
    await cut(TEN);
    expect(await send(account, replace('old', buy('new', NOV, 2400, 3, 'gtc')), buy('b', NOV, 2400, 1))).toEqual([
      'deferred',
      'margin',
    ]);
    expect(await send(account, replace('new', buy('newer', NOV, 2400, 2, 'gtc')), buy('b', NOV, 2400, 1))).toEqual([
      'deferred',
      'accepted',
    ]);
    expect(await send(account, cancel('newer'), buy('c', NOV, 2400, 1), buy('d', NOV, 2400, 1))).toEqual([
      'deferred',
      'accepted',
      'margin',
    ]);
    await venue.work();
    expect(await send(account, buy('d', NOV, 2400, 1), buy('e', NOV, 2400, 1))).toEqual(['accepted', 'margin']);
  });
});

describe('an account that trades another product', () => {
  it('has its orders refused, and is told why', async () => {
    const account = await trader(LOT_CENTS);
    await list();
    expect(await send(account, buy('a', NOV, 2400, 1), cancel('a'))).toEqual(['other-product', 'unknown-order']);
  });
});

describe('limits', () => {
  const LIMITS = { orderLots: 3, monthLots: 5, delivery: { lots: 2, fromDay: 30 }, allLots: 6, reportedLots: 4 };
  beforeEach(() => list({ limits: LIMITS }));

  it('are the owner’s over all its accounts, and each refusal says by what figures', async () => {
    const first = await trader(100n * LOT_CENTS);
    const second = await trader(100n * LOT_CENTS, { name: `${first}.desk` });
    expect(await send(first, buy('a', NOV, 2400, 3))).toEqual(['accepted']);
    const { outcomes, figures } = await sendTo(
      undefined,
      second,
      buy('a', NOV, 2400, 4),
      buy('b', NOV, 2400, 3),
      buy('c', NOV, 2400, 2),
      buy('d', DEC, 2400, 2),
      sell('e', NOV, 2400, 3),
    );
    expect(outcomes).toEqual(['order-too-large', 'position-limit', 'accepted', 'position-limit', 'accepted']);
    expect(figures).toEqual([
      { reason: 'order-too-large', allowed: 3, would: 4 },
      { reason: 'position-limit', allowed: 5, would: 6, month: NOV },
      { reason: 'position-limit', allowed: 6, would: 7 },
    ]);
    // Each account pays for its own, with its own cash.
    const third = await trader(0n, { name: `${first}.poor` });
    expect(await send(third, sell('a', NOV, 2400, 1), cancel('a'))).toEqual(['margin', 'unknown-order']);
  });

  it('count what of an owner has cleared and is not posted, in each of its accounts', async () => {
    const first = await trader(100n * LOT_CENTS);
    const second = await trader(100n * LOT_CENTS, { name: `${first}.desk` });
    const other = await trader(100n * LOT_CENTS, { shard: 1 });
    await post();
    await send(first, buy('a', NOV, 2400, 3));
    await send(other, sell('s', NOV, 2400, 3));
    await cut(TEN);
    expect(await send(second, buy('b', NOV, 2400, 3))).toEqual(['position-limit']);
    await venue.work('clearings');
    expect(await send(second, buy('b', NOV, 2400, 3))).toEqual(['position-limit']);
    await post();
    expect(await send(second, buy('b', NOV, 2400, 3), buy('c', NOV, 2400, 2))).toEqual(['position-limit', 'accepted']);
  });
});

it('the audit decides all of it again, and names what was decided otherwise', async () => {
  const decisions = async () => {
    const { checks } = await auditVenue(venue.table, SHARDS);
    return checks.find(({ name }) => name === 'decisions')!;
  };
  const account = await trader(LOT_CENTS);
  const { shard, key } = await sendTo(undefined, account, buy('a', NOV, 2400, 2));
  const { checked, faults } = await decisions();
  expect(faults).toEqual([]);
  expect(checked).toBeGreaterThan(100);
  const at = submissionKey(product, shard, keyDate(key), account, key);
  const { pk: _, sk: __, seal: ___, figures: ____, ...attributes } = (await venue.table.get(at))!;
  const item = { ...at, attributes: { ...attributes, outcomes: B(packOutcomes(['accepted'])) } };
  await venue.table.put({ ...item, attributes: { ...item.attributes, seal: S(sealOf(item)) } });
  const found = (await decisions()).faults;
  expect(found.map(({ row }) => row)).toEqual([`${at.pk} ${at.sk}`, `${at.pk} ${at.sk}`]);
  expect(found[0]!.what).toContain('outcomes: the book says ["accepted"], the rules on event');
});
