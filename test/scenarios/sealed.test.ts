/**
 * Sealed orders stay sealed: one order that can't be mistaken for any other, workers that fail while they hold it, and then
 * everything that any caller but its owner can see, searched for it. The search itself is tried on what the owner sees.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASH } from '../../lib/domain/contract/months.ts';
import type { LogLine } from '../../lib/local/cloudwatch/logs.ts';
import { serviceError } from '../../lib/local/proxy/proxy.ts';
import type { ProxyRequest } from '../../lib/local/proxy/request.ts';
import { packInstructions } from '../../lib/store/packing.ts';
import { month, PRODUCT } from '../venue/h100.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { order } from '../venue/orders.ts';

const LISTED = '2025-10-20';
const DAY = '2025-10-21';
const DEC = `${PRODUCT}-2025-12`;
const MARKED = { clientOrderId: 'SEALED-MARK', side: 'buy', contract: DEC, price: '2.717', lots: 31_337 };
const PACKED = Buffer.from(
  packInstructions([{ kind: 'new', order: order('SEALED-MARK', month('2025-12'), CASH, 2717, 31_337) }]),
);
/** The order as people write it, as the pipeline packs it, and its numbers on their own. */
const MARKS = /SEALED-MARK|2\.717|(?<!\d)2717(?!\d)|31337|31,337/;
/** A text without what chance puts into it: a thousandth of a second, or some digits of an id or a hash, may be those of a mark. */
const withoutChance = (text: string): string =>
  text.replaceAll(/\d\d:\d\d:\d\d\.\d{3}Z|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}/g, '');
const marks = (text: string): boolean => MARKS.test(withoutChance(text)) || text.includes(PACKED.toString('base64').slice(0, 24));
/** The order's numbers as a metric would have them: whole, and not as some digits of a duration. */
const MARKED_VALUES = [2.717, 2717, 31_337, 2717 * 31_337];
/** The person that sends it. The access log names callers; nothing that is said of the order does. */
const PERSON = 'person-mark-77';
/** How often each of these fails before it is let through. */
const FAILS = { 'accept-orders': 6, 'clear-auction': 6 };

let venue: LocalVenue;
let submission: string;
const tokens: string[] = [];
const lines: LogLine[] = [];
const failed: Record<string, number> = {};

/** Every write of these workers fails at first, for longer than the SDK repeats it by itself: the message fails. */
function failAtFirst({ function: name, service, operation }: ProxyRequest) {
  const most = FAILS[name as keyof typeof FAILS];
  if (most === undefined || service !== 'dynamodb' || !/Put|Update|Write/.test(operation)) return 'pass';
  failed[name] = (failed[name] ?? 0) + 1;
  return failed[name] > most ? 'pass' : serviceError('dynamodb', 'InternalServerError', 'out of order', 500);
}

beforeAll(async () => {
  venue = await openLocalVenue({ listed: LISTED, scheduled: [PRODUCT] });
  await venue.list();
  venue.faults.proxy = failAtFirst;
  const { cloud } = venue;
  tokens.push(
    await cloud.mint({ sub: PERSON, attributes: { account: 'fund' } }),
    await cloud.mint({ sub: 'op-1', groups: ['operators', 'approvers'] }),
  );
  ({ submission } = await submitAs(tokens[0]!, { product: PRODUCT, orders: [MARKED] }, 202));
  // Refused, each for another reason, and with the mark in it.
  await submitAs(tokens[0]!, { product: PRODUCT, orders: [{ ...MARKED, price: '2.7171' }] }, 422);
  await submitAs(tokens[0]!, { product: PRODUCT, orders: [{ ...MARKED, extra: MARKED }] }, 422);
  await submitAs(tokens[0]!, `{"product":"${PRODUCT}","orders":[${JSON.stringify(MARKED)},`, 400);
  await cloud.quiet();
  keepLines();
});
afterAll(() => venue[Symbol.asyncDispose]());

function keepLines(): void {
  lines.push(...venue.cloud.logs.recent().filter((line) => !lines.includes(line)));
}

async function submitAs(token: string, body: unknown, status: number): Promise<{ submission: string }> {
  const answer = await fetch(`${venue.cloud.url}/v1/submissions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': venue.key() },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  expect([answer.status, text]).toEqual([status, expect.any(String)]);
  return JSON.parse(text);
}

/** All that one caller can read. */
async function sees(who: 'hedger' | 'fund' | 'operator'): Promise<string> {
  const caller = who === 'operator' ? venue.operator : venue.as[who];
  const paths =
    who === 'operator'
      ? ['venue', 'log', 'held', 'products', 'accounts', 'accounts/fund', `days/${PRODUCT}`, `index/${PRODUCT}`].map(
          (path) => `/v1/operator/${path}`,
        )
      : [
          `/v1/submissions/${submission}`,
          '/v1/orders',
          '/v1/fills',
          '/v1/positions',
          '/v1/account',
          `/v1/roll/${PRODUCT}`,
          '/v1/journal',
          '/v1/statements',
          `/v1/auctions?product=${PRODUCT}`,
          `/v1/auctions/${PRODUCT}/next`,
          ...['calendar', 'history', 'index', 'rolls'].map((list) => `/v1/${list}/${PRODUCT}`),
          ...[1, 2, 3].flatMap((auction) => [`/v1/auctions/${PRODUCT}/${auction}`, `/v1/auctions/${PRODUCT}/${auction}/depth`]),
          `/v1/contracts?product=${PRODUCT}`,
          `/v1/settlement-prices?product=${PRODUCT}`,
        ];
  const answers = await Promise.all(paths.map((path) => caller.ask('GET', path)));
  return JSON.stringify(answers);
}

describe('before its auction has cleared, an order is', () => {
  it('what its owner sees, or this file would search for nothing', async () => {
    expect(await sees('fund')).toMatch(MARKS);
    expect(await sees('fund')).toContain(PERSON);
    expect(failed['accept-orders']).toBeGreaterThan(FAILS['accept-orders']);
  });

  it('in no answer to another participant', async () => {
    expect(marks(await sees('hedger'))).toBe(false);
  });

  it('in no answer to an operator', async () => {
    expect(marks(await sees('operator'))).toBe(false);
  });

  it('in no log line, though the worker that held it failed and said so', () => {
    expect(lines.filter(({ level, function: name }) => level === 'ERROR' && name === 'accept-orders')).not.toEqual([]);
    expect(lines.filter(({ text }) => marks(text)).slice(0, 3)).toEqual([]);
  });

  it('in no log line when the message that holds it is damaged or unknown', async () => {
    const order = { v: 1, kind: 'submission', product: PRODUCT, instructions: PACKED.toString('base64'), MARKED };
    const { cloud } = venue;
    const before = cloud.logs.recent('settle-day').length;
    // To a queue whose worker knows no submission, since a message of its own group would hold up the orders.
    for (const body of [JSON.stringify(order), JSON.stringify(order).slice(0, -1), `SEALED-MARK ${PACKED.toString('base64')}`])
      cloud.send('day-runs', body);
    await expect.poll(() => cloud.deadLetters().length, { timeout: 60_000 }).toBe(3);
    keepLines();
    expect(cloud.logs.recent('settle-day').length).toBeGreaterThan(before);
    expect(lines.filter(({ text }) => marks(text)).slice(0, 3)).toEqual([]);
  });

  it('an order’s name means nothing to another account', async () => {
    const orders = [{ cancel: 'SEALED-MARK' }, { ...MARKED, replaces: 'SEALED-MARK', clientOrderId: 'mine', lots: 1 }];
    const tried = await venue.submit('hedger', PRODUCT, orders);
    await venue.cloud.quiet();
    expect(await venue.outcome('hedger', tried)).toMatchObject({
      orders: [
        { outcome: 'refused', reason: 'unknown-order' },
        { outcome: 'refused', reason: 'unknown-order' },
      ],
    });
    expect(await venue.as.fund.get('/v1/orders')).toMatchObject({ items: [{ clientOrderId: 'SEALED-MARK', lots: 31_337 }] });
  });

  it('in no metric and in no alarm', () => {
    const { metrics, alarms } = venue.cloud;
    expect(metrics.list().length).toBeGreaterThan(5);
    expect(marks(JSON.stringify(metrics.list()))).toBe(false);
    const values = metrics.list().flatMap((id) => metrics.minutes(id).flatMap(({ sum, min, max }) => [sum, min, max]));
    expect(values.filter((value) => MARKED_VALUES.includes(value))).toEqual([]);
    expect(marks(JSON.stringify(alarms))).toBe(false);
  });
});

describe('when its auction clears, an order is', () => {
  beforeAll(async () => {
    await venue.submit('hedger', PRODUCT, [{ clientOrderId: 'h', side: 'sell', contract: DEC, price: '2.500', lots: 5 }]);
    await venue.go(DAY, '10:01');
    keepLines();
  });

  it('its owner’s alone: the other side knows price and volume, and not whose or how much more', async () => {
    expect(failed['clear-auction']).toBeGreaterThan(FAILS['clear-auction']);
    const seen = await sees('hedger');
    expect(seen).toContain('"volume":5');
    expect(seen).not.toMatch(/SEALED-MARK|fund/);
    expect(await sees('fund')).toContain('SEALED-MARK');
  });

  it('in no log line, though the worker that cleared it failed and said so', () => {
    expect(lines.filter(({ level, function: name }) => level === 'ERROR' && name === 'clear-auction')).not.toEqual([]);
    expect(lines.filter(({ text }) => marks(text)).slice(0, 3)).toEqual([]);
  });
});

/** A bid above the mark of a month that nothing else trades in: it would move the price at which that month clears. */
const CARRIED = {
  clientOrderId: 'CARRIED-MARK',
  side: 'buy',
  contract: `${PRODUCT}-2026-02`,
  price: '2.613',
  lots: 21_213,
  timeInForce: 'gtc',
};
const OTHER = {
  clientOrderId: 'CARRIED-MARK-2',
  buy: `${PRODUCT}-2026-04`,
  sell: `${PRODUCT}-2026-03`,
  price: '0.437',
  lots: 17_171,
  timeInForce: 'day',
};
const CARRIED_MARKS = /CARRIED-MARK|2\.613|(?<!\d)2613(?!\d)|21213|0\.437|(?<!\d)437(?!\d)|17171/;

describe('as long as it is carried, an order is', () => {
  beforeAll(async () => {
    await venue.submit('fund', PRODUCT, [CARRIED, OTHER]);
    await venue.go(DAY, '13:01');
    keepLines();
  });

  it('what its owner sees, and the auction that carried it has cleared', async () => {
    expect(await sees('fund')).toMatch(CARRIED_MARKS);
    const cleared = (await venue.as.hedger.get(`/v1/auctions?product=${PRODUCT}`)) as { items: { auction: number }[] };
    expect(cleared.items[0]).toMatchObject({ auction: 2 });
  });

  it.each(['hedger', 'operator'] as const)('in no answer to another caller: %s', async (who) => {
    expect(withoutChance(await sees(who))).not.toMatch(CARRIED_MARKS);
  });

  it('not even a count, a price or a quote of the auction that carried it', async () => {
    const { months, ...auction } = (await venue.as.hedger.get(`/v1/auctions/${PRODUCT}/2`)) as { months: { price: string }[] };
    expect(auction).toMatchObject({ orders: 0, surplus: '0.00' });
    const { prices } = (await venue.as.hedger.get(`/v1/settlement-prices?product=${PRODUCT}`)) as { prices: { price: string }[] };
    expect(months.map(({ price }) => price)).toEqual(prices.map(({ price }) => price));
    for (const month of months) expect(month).toMatchObject({ traded: false, volume: 0, bid: null, offer: null });
    expect(await venue.as.hedger.get(`/v1/auctions/${PRODUCT}/2/depth`)).toEqual({ items: [] });
  });

  it('in no log line', () => {
    expect(lines.filter(({ text }) => CARRIED_MARKS.test(withoutChance(text))).slice(0, 3)).toEqual([]);
  });

  it('published for what trades or lapses of it, then, and the rest is still sealed', async () => {
    const { contract } = CARRIED;
    await venue.submit('hedger', PRODUCT, [{ clientOrderId: 'h2', side: 'sell', contract, price: '2.613', lots: 7 }]);
    await venue.go(DAY, '16:05');
    expect(await venue.as.hedger.get(`/v1/auctions/${PRODUCT}/3/depth`)).toEqual({
      items: [
        { contract, side: 'buy', price: '2.613', traded: 7, lapsed: 0 },
        { contract, side: 'sell', price: '2.613', traded: 7, lapsed: 0 },
        { buy: OTHER.buy, sell: OTHER.sell, price: '0.437', traded: 0, lapsed: 17_171 },
      ],
    });
    expect(await venue.as.fund.get('/v1/orders')).toMatchObject({ items: [{ clientOrderId: 'CARRIED-MARK', lots: 21_206 }] });
    for (const who of ['hedger', 'operator'] as const)
      expect(withoutChance(await sees(who))).not.toMatch(/CARRIED-MARK|21213|21206/);
  });
});

it('no person that sends orders is known to another caller, nor is in a log line that is not of the access log', async () => {
  for (const who of ['hedger', 'operator'] as const) expect(await sees(who)).not.toContain(PERSON);
  expect(lines.filter(({ text }) => text.includes(PERSON) && !text.includes('"access":true')).slice(0, 3)).toEqual([]);
});

it('no token is in a log line, not the whole and not its signature', () => {
  const told = JSON.stringify(lines);
  expect(told).toContain('"function":"participant-api"');
  for (const token of tokens) expect(told).not.toContain(token.split('.')[2]);
  expect(told).not.toMatch(/bearer|authorization/i);
});
