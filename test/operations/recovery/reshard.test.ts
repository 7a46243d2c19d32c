/** A venue that moves into another number of shards goes on as if it had had them from the first day. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Audit } from '../../../lib/audit/audit.ts';
import { writeExport } from '../../../lib/audit/export.ts';
import { rowName, VenueRows } from '../../../lib/audit/rows.ts';
import { numberedKey } from '../../../lib/client/idempotency-key.ts';
import type { BusinessDate } from '../../../lib/domain/contract/calendar.ts';
import {
  ACCOUNTS,
  type Account,
  type Market,
  openMarket,
  PRODUCT,
  play,
  playDay,
  ROLL,
  SELDOM,
  type Stage,
  trade,
} from '../../../lib/faults/scripted-market.ts';
import { openVirtualMarket } from '../../../lib/faults/virtual-market.ts';
import type { Cloud } from '../../../lib/local/cloud.ts';
import { MarketFolder } from '../../../lib/operations/market-folder.ts';
import { intoShards } from '../../../lib/operations/recovery/into-shards.ts';
import { rebuild } from '../../../lib/operations/recovery/rebuild.ts';
import { type Attributes, N, S } from '../../../lib/store/table.ts';
import { runCommand } from '../../venue/command.ts';
import { newYork, on } from '../../venue/h100.ts';

const [FIRST, SECOND, THIRD] = ['2025-11-06', '2025-11-07', '2025-11-10'].map(on) as [BusinessDate, BusinessDate, BusinessDate];
const DEC = `${PRODUCT}-2025-12`;

/** Ids of submissions by account, of the venue that moves. */
const ids = new Map<Account, string[]>(ACCOUNTS.map((account) => [account, []]));
/** What it was sent, in order. */
const sent: { account: Account; orders: readonly unknown[]; key: string; submission: string }[] = [];
const opened: Market[] = [];
afterAll(async () => {
  for (const market of opened) await market[Symbol.asyncDispose]();
});

const rowsOf = async ({ table }: Pick<Market, 'table'>): Promise<VenueRows> => VenueRows.from(table.scan());
const halt = (market: Market<Stage>): Promise<unknown> => market.operator.post('/v1/operator/venue/halt', { reason: 'a move' });
const resume = (market: Market<Stage>): Promise<unknown> =>
  market.operator.post('/v1/operator/venue/resume', { reason: 'moved' });

/** A market in other shards with nothing in its table. */
async function openEmpty(shards: number, isReal: boolean, evening: BusinessDate): Promise<Market<Stage>> {
  const script = { ...ROLL, listed: evening };
  if (!isReal) return openVirtualMarket(script, { shards, sweep: SELDOM });
  const market = await openMarket(script, { shards, sweep: SELDOM });
  opened.push(market);
  return market;
}

/** Everything that participants may ask of what was before. */
async function answers({ as }: Market<Stage>): Promise<unknown> {
  const routes = [
    'orders',
    'fills',
    'positions',
    'account',
    'journal',
    'statements',
    'roll-instructions',
    'submissions',
    'order-history',
    'cancel-all-after',
  ];
  const asked = ACCOUNTS.flatMap((account) =>
    [...routes, ...ids.get(account)!.map((id) => `submissions/${id}`)].map((route) => ({ account, path: `/v1/${route}` })),
  );
  return Promise.all(asked.map(async ({ account, path }) => [account, path, await as[account].get(path)]));
}

/** Every fill of every account, as it is shown: those of auctions from before a move included. */
async function fillsIn({ as }: Market<Stage>): Promise<unknown[]> {
  const pages = await Promise.all(
    ACCOUNTS.map((account) => as[account].get('/v1/fills?limit=100') as Promise<{ items: unknown[] }>),
  );
  return pages.flatMap(({ items }) => items);
}

/** One life of the venue: what is sent is the same under the same keys, whatever happens at each of two moments. */
class Life {
  market: Market<Stage>;
  #keys = 0;
  readonly #move: (market: Market<Stage>, at: 0 | 1) => Promise<Market<Stage>>;

  constructor(market: Market<Stage>, move: (market: Market<Stage>, at: 0 | 1) => Promise<Market<Stage>>) {
    this.market = this.#numbered(market);
    this.#move = move;
  }

  async live(): Promise<Audit> {
    await play(this.market, { ...ROLL, last: FIRST });
    await this.#tradeAt('09:00');
    await this.#openBook();
    await this.#moveTo(0);
    await this.#goOn();
    await this.#tradeAt('12:00');
    await this.#tradeAt('15:00');
    await this.market.operator.put(`/v1/operator/index/${PRODUCT}/${SECOND}`, { value: '2.411' });
    await this.market.cloud.advanceTo(newYork(SECOND, '16:05'));
    await this.market.cloud.quiet();
    await this.#moveTo(1);
    await playDay(this.market, THIRD);
    return this.market.audit();
  }

  async #moveTo(at: 0 | 1): Promise<void> {
    const to = await this.#move(this.market, at);
    // One that stays counts its keys already, and the lottery draws from them.
    if (to !== this.market) this.market = this.#numbered(to);
  }

  /** With keys that are counted over the whole life. */
  #numbered(market: Market<Stage>): Market<Stage> {
    const submit: Market['submit'] = async (account, orders) => {
      const key = numberedKey(market.cloud.clock.now(), ++this.#keys);
      const answer = await market.submit(account, orders, key);
      ids.get(account)!.push(answer.submission);
      sent.push({ account, orders, key, submission: answer.submission });
      return answer;
    };
    return { ...market, submit };
  }

  async #tradeAt(time: string): Promise<void> {
    await this.market.cloud.advanceTo(newYork(SECOND, time));
    await trade(this.market, SECOND, time);
    await this.market.cloud.quiet();
  }

  async #send(account: Account, orders: readonly object[]): Promise<void> {
    await this.market.submit(account, orders);
    await this.market.cloud.quiet();
  }

  /** What is live at the first move: its words make sense in this order and in no other. */
  async #openBook(): Promise<void> {
    const buy = (clientOrderId: string, price: string, timeInForce = 'gtc') => ({ clientOrderId, ...BUY, price, timeInForce });
    for (const account of ACCOUNTS) {
      await this.#send(account, [buy('a', '2.310'), buy('b', '2.311'), buy('c', '2.312', 'day')]);
      await this.#send(account, [{ cancel: 'a' }]);
      await this.#send(account, [buy('a', '2.313'), buy('b', '2.314')]);
      await this.#send(account, [{ replaces: 'b', ...buy('d', '2.315') }]);
      await this.market.as[account].put('/v1/cancel-all-after', { seconds: 86_400 });
    }
  }

  /** Behind the first move, of what was live before it: the last replaces an order that trades in the next auction. */
  async #goOn(): Promise<void> {
    for (const account of ACCOUNTS) {
      const off = await this.market.as[account].ask('DELETE', '/v1/cancel-all-after');
      expect(off.body).toEqual({ state: 'off', expires: null, ranOut: null });
      await this.#send(account, [{ cancel: 'd' }, { cancel: 'b' }]);
      await this.#send(account, [{ replaces: 'a', clientOrderId: 'a', ...BUY, price: '2.430', timeInForce: 'gtc' }]);
    }
  }
}
const BUY = { side: 'buy', contract: DEC, lots: 3 };

/** Halts the venue, builds it again in other shards, and resumes it there. */
async function moved(market: Market<Stage>, to: Market<Stage>, shards: number): Promise<void> {
  await halt(market);
  const [source, before] = [await rowsOf(market), await answers(market)];
  const { before: was, after: is, head } = await rebuild(source, to.table, shards);
  expect(is).toBe(was);
  expect(head).toBe(source.ofKind('LOG').at(-1)!.hash!.S);
  const audit = await to.audit();
  expect(audit.differences).toEqual([]);
  expect(audit).toMatchObject({ identical: true, shards, stateHash: was });
  expect(await answers(to)).toEqual(before);
  await resume(to);
  await sendAgain(to);
}

/** What comes again after the move, from participants and from queues, changes nothing. */
async function sendAgain(market: Market<Stage>): Promise<void> {
  for (const { account, orders, key, submission } of sent) {
    const path = ['POST', '/v1/submissions'] as const;
    const again = await market.as[account].ask(...path, { product: PRODUCT, orders }, key);
    expect(again).toMatchObject({ status: 202, body: { submission } });
    const other = await market.as[account].ask(...path, { product: PRODUCT, orders: [...orders, { cancel: 'z' }] }, key);
    expect(other.status).toBe(422);
  }
  const late = { v: 1, product: PRODUCT, slot: newYork(FIRST, '10:00') };
  // An auction from before the move, which sends its markers to as many shards as there are now.
  (market.cloud as unknown as Pick<Cloud, 'send'>).send('closings', JSON.stringify(late));
  await market.cloud.quiet();
  const { differences } = await market.audit();
  expect(differences).toEqual([]);
}

const MOMENTS = [newYork(SECOND, '09:05'), newYork(SECOND, '20:00')] as const;

test('a venue moves from four shards to seven and to two, and everything is as if it never had', async () => {
  const stayed = new Life(openVirtualMarket(ROLL, { sweep: SELDOM }), async (market, at) => {
    await market.cloud.advanceTo(MOMENTS[at]);
    return market;
  });
  const due = await stayed.live();
  expect(due.identical).toBe(true);
  const filled = await fillsIn(stayed.market);
  expect(filled.length).toBeGreaterThan(20);

  for (const own of ids.values()) own.length = 0;
  sent.length = 0;
  const life = new Life(openVirtualMarket(ROLL, { shards: 4, sweep: SELDOM }), async (market, at) => {
    const shards = at === 0 ? 7 : 2;
    const to = await openEmpty(shards, at === 1, at === 0 ? FIRST : SECOND);
    await to.cloud.advanceTo(MOMENTS[at]);
    await moved(market, to, shards);
    return to;
  });
  const audit = await life.live();
  expect(audit.differences).toEqual([]);
  expect(audit.identical).toBe(true);
  expect(Object.fromEntries(audit.accounts)).toEqual(Object.fromEntries(due.accounts));
  expect(await fillsIn(life.market)).toEqual(filled);
  expect(life.market.cloud.deadLetters()).toEqual([]);
}, 120_000);

describe('a venue that rests is moved, and no other', () => {
  let resting: Attributes[] = [];
  let due: Attributes[] = [];
  beforeAll(async () => {
    const market = openVirtualMarket(ROLL, { sweep: SELDOM });
    await play(market, { ...ROLL, last: FIRST });
    await market.cloud.advanceTo(newYork(SECOND, '09:00'));
    await trade(market, SECOND, '09:00');
    await market.cloud.quiet();
    await halt(market);
    resting = await Array.fromAsync(market.table.scan());
    await market.cloud.advanceTo(newYork(SECOND, '10:01'));
    due = await Array.fromAsync(market.table.scan());
  });
  const edited = (row: RegExp, change: Attributes): Attributes[] =>
    resting.map((item) => (row.test(rowName(item)) ? { ...item, ...change } : item));

  test('when nothing stands against it, it is', async () => {
    const rows = await intoShards(await VenueRows.from(resting), 5);
    expect(rows.ofKind('INTAKE')).toHaveLength(5);
    expect(rows.ofKind('BOOK')).toHaveLength(resting.filter((row) => rowName(row).startsWith('BOOK#')).length);
  });

  test.each([
    ['that is not halted', () => edited(/^VENUE SWITCH$/, { data: S('null') }), 'The venue is not halted'],
    ['with an auction that is due', () => due, 'Auction 4 of H100-SXM is due and has not cleared'],
    [
      'with a shard at another auction',
      () => edited(/^INTAKE#\S+ 1$/, { open: N(3) }),
      'Shard 1 of H100-SXM takes submissions into auction 3',
    ],
    [
      'with a submission that was changed',
      () => edited(/^BOOK#\S+2025-11-07 fund#/, { receivedAt: S('2025-11-07T14:00:01.000Z') }),
      'is not the submission that was written',
    ],
    [
      'with an event that was changed',
      () => edited(/^LOG 0+6$/, { data: S('{"kind":"day-closed"}') }),
      'The source does not replay',
    ],
  ])('%s', async (_, rows, says) => {
    await expect(intoShards(await VenueRows.from(rows()), 5)).rejects.toThrow(says);
  });

  test('by command, into a folder that keeps its number, from an export', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'reshard-'));
    try {
      writeExport(join(dir, 'export'), await VenueRows.from(resting));
      const to = join(dir, 'market');
      const done = await runCommand('rebuild', ['--export', join(dir, 'export'), '--to-data', to, '--shards', '5']);
      expect(done.stderr).toBe('');
      expect(done.stdout).toContain('after, the same');
      expect(new MarketFolder(to).kept()).toMatchObject({ seeded: true, shards: 5 });
      const other = await runCommand('rebuild', ['--export', join(dir, 'export'), '--to-data', to, '--shards', '0']);
      expect(other.status).toBe(2);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
