/**
 * What a hostile participant with a valid token does. Everything here is allowed or refused; nothing of it may cost another
 * participant more than it would have had to bear anyway.
 */
import { createHash } from 'node:crypto';
import type { Random } from '../../local/host/random.ts';
import { PRODUCT } from '../scripted-market.ts';
import { fewAtATime, type Part, price } from './acts.ts';
import { HONEST, ROGUE, type SmallMarket } from './market.ts';
import { ORDERS_MAX } from './world.ts';

const MORNINGS = ['09:05', '12:05', '15:05'] as const;
const day = (random: Random): 0 | 1 => random.between(0, 1) as 0 | 1;

/** Makes orders that are named in the order in which they are made. */
function startNames(prefix: string) {
  let orders = 0;
  return (contract: string, side: 'buy' | 'sell', ticks: number, lots: number, timeInForce = 'auction') => ({
    clientOrderId: `${prefix}${++orders}`,
    side,
    contract,
    price: price(ticks),
    lots,
    timeInForce,
  });
}

export const MADE_UP_DIGEST = '0123456789abcdef';

/** An id of a submission that was never sent, with a check of so many hex digits that every caller can work out. */
function checkedId(product: string, key: string, digits: number): string {
  const digest = MADE_UP_DIGEST;
  const check = createHash('sha256').update(`${ROGUE}#${product}#${key}#${digest}`).digest('hex').slice(0, digits);
  return `${product}.${key}.${digest}.${check}`;
}

const inSubmissions = (all: readonly object[]): object[][] =>
  Array.from({ length: Math.ceil(all.length / ORDERS_MAX) }, (_, at) => all.slice(at * ORDERS_MAX, (at + 1) * ORDERS_MAX));
const submitAll = (market: SmallMarket, all: readonly object[][]): Promise<void> =>
  fewAtATime(all, (some) => market.submit(ROGUE, some));

/** What the orders of a participant that falls silent are named by. */
export const SILENT_NAME = 'silent';

/** Sets its dead-man's switch and falls silent: what it has bid for must be gone by the auctions that are due from then on. */
export const SILENT: readonly Part[] = [
  {
    name: 'falls silent with its switch set',
    acts: (random) => {
      const order = startNames(SILENT_NAME);
      const seconds = random.pick([1, 60, 1_199, 1_200, 1_201, 1_800]);
      const time = random.pick(['09:40', '12:40', '15:40']);
      const act = async (market: SmallMarket) => {
        await market.submit(ROGUE, [order(market.contracts[1]!, 'buy', 2_420, 2, 'gtc')]);
        await market.ask(ROGUE, 'PUT', '/v1/cancel-all-after', { seconds });
      };
      return [{ day: day(random), time, act }];
    },
  },
];

export const HOSTILE: readonly Part[] = [
  {
    name: 'many single orders',
    acts: (random) => {
      const order = startNames('s');
      const count = random.between(40, 80);
      const many = (market: SmallMarket) =>
        submitAll(
          market,
          Array.from({ length: count }, (_, at) => [order(market.contracts[1]!, 'buy', 1_000 + at, 1)]),
        );
      return [{ day: day(random), time: random.pick(MORNINGS), act: many }];
    },
  },
  {
    name: 'many limits',
    acts: (random) => {
      const order = startNames('l');
      const count = random.between(600, 650);
      const ticks = Array.from({ length: count }, () => random.between(500, 2_300));
      const lots = Array.from({ length: count }, () => random.between(1, 99_999));
      const limits = (market: SmallMarket) =>
        submitAll(
          market,
          inSubmissions(Array.from({ length: count }, (_, at) => order(market.contracts[at % 4]!, 'buy', ticks[at]!, lots[at]!))),
        );
      return [{ day: 0, time: random.pick(MORNINGS), act: limits }];
    },
  },
  {
    name: 'crosses itself in single lots',
    acts: (random) => {
      const order = startNames('x');
      const count = random.between(30, 60);
      const cross = (market: SmallMarket) =>
        submitAll(
          market,
          inSubmissions(
            Array.from({ length: 2 * count }, (_, at) => order(market.contracts[2]!, at % 2 ? 'buy' : 'sell', 2_402, 1)),
          ),
        );
      return [{ day: day(random), time: random.pick(MORNINGS), act: cross }];
    },
  },
  {
    name: 'is filled by a large order in single lots',
    acts: (random) => {
      const order = startNames('f');
      const count = random.between(40, 70);
      const fill = async (market: SmallMarket) => {
        await market.submit('seller', [
          { clientOrderId: 'only-seller-large', side: 'sell', contract: market.contracts[3]!, price: '2.400', lots: count },
        ]);
        await submitAll(market, inSubmissions(Array.from({ length: count }, () => order(market.contracts[3]!, 'buy', 2_405, 1))));
      };
      return [{ day: day(random), time: random.pick(MORNINGS), act: fill }];
    },
  },
  {
    name: 'one lot with itself at an absurd price in the closing auction',
    acts: (random) => {
      const order = startNames('a');
      const ticks = random.pick([9_000, 50_000, 1]);
      const absurd = (market: SmallMarket) =>
        market.submit(ROGUE, [order(market.contracts[3]!, 'buy', ticks, 1), order(market.contracts[3]!, 'sell', ticks, 1)]);
      return [{ day: 0, time: '15:05', act: absurd }];
    },
  },
  {
    name: 'many carried orders',
    acts: (random) => {
      const order = startNames('c');
      const count = random.between(80, 160);
      const carry = (market: SmallMarket) =>
        submitAll(
          market,
          inSubmissions(Array.from({ length: count }, (_, at) => order(market.contracts[at % 4]!, 'buy', 500 + at, 1, 'gtc'))),
        );
      return [{ day: 0, time: '09:05', act: carry }];
    },
  },
  {
    name: 'a name again and again, replaced and cancelled',
    acts: (random) => {
      const order = startNames('n');
      const storm = async (market: SmallMarket) => {
        const contract = market.contracts[1]!;
        const first = order(contract, 'buy', 1_500, 1, 'gtc');
        await market.submit(ROGUE, [first, first, { cancel: 'never-sent' }]);
        for (let round = 0; round < 6; round++)
          await market.submit(ROGUE, [
            { ...first, replaces: first.clientOrderId, lots: 2 + round },
            { cancel: first.clientOrderId },
            first,
          ]);
      };
      return [
        { day: day(random), time: random.pick(MORNINGS), act: storm },
        { day: 1, time: random.pick(MORNINGS), act: storm },
      ];
    },
  },
  {
    name: 'keys again with other orders',
    acts: (random) => {
      const order = startNames('k');
      const reuse = async (market: SmallMarket) => {
        const key = market.key();
        const one = [order(market.contracts[1]!, 'buy', 1_200, 1)];
        await Promise.all([
          market.submit(ROGUE, one, key),
          market.ask(ROGUE, 'POST', '/v1/submissions', { product: PRODUCT, orders: one }, key),
          market.ask(ROGUE, 'POST', '/v1/submissions', { product: PRODUCT, orders: [{ ...one[0], lots: 9 }] }, key),
        ]);
        await market.cloud.quiet();
        await market.ask(ROGUE, 'POST', '/v1/submissions', { product: PRODUCT, orders: [{ ...one[0], lots: 8 }] }, key);
        await market.ask('fund', 'GET', `/v1/submissions/${PRODUCT}.${key}.0123456789abcdef.01234567`);
      };
      return [{ day: day(random), time: random.pick(MORNINGS), act: reuse }];
    },
  },
  {
    name: 'passes for an operator',
    acts: (random) => [{ day: day(random), time: random.pick(MORNINGS), act: pretends }],
  },
  {
    name: 'texts that are too long, and what is no request',
    acts: (random) => MORNINGS.slice(0, random.between(1, 3)).map((time) => ({ day: 0, time, act: nonsense })),
  },
];

/** Groups that only look like the operators' one. */
async function pretends(market: SmallMarket): Promise<void> {
  for (const groups of ['[cooling operators]', 'operators-of-nothing', '[[operators]]', '', 'x, operators']) {
    const claims = { token_use: 'id', sub: ROGUE, 'custom:account': ROGUE, 'cognito:groups': groups };
    const path = '/v1/operator/venue';
    const { status } = await market.cloud.ask(claims, 'GET', path).catch(() => ({ status: 0 }));
    market.answers.push({ by: ROGUE, asked: `GET ${path} as one of ${groups}`, status });
  }
}

/** Requests that should not be sent: each is refused, and none of them is an error of the venue. */
async function nonsense(market: SmallMarket): Promise<void> {
  const order = startNames('o');
  const long = 'A'.repeat(2_100);
  const key = market.key();
  const asked: [method: string, path: string, body?: unknown, key?: string][] = [
    ...[8, 24].flatMap((digits) =>
      [long, 'NEVER-LISTED', PRODUCT].map((product): [string, string] => [
        'GET',
        `/v1/submissions/${checkedId(product, key, digits)}`,
      ]),
    ),
    ['GET', `/v1/orders?cursor=${long}`],
    ['GET', `/v1/orders?product=${long}`],
    ['GET', `/v1/auctions?product=${long}`],
    ['GET', `/v1/auctions/${long}/1`],
    ['GET', `/v1/auctions/${PRODUCT}/${'9'.repeat(400)}`],
    ['GET', '/v1/fills?cursor=OTk5OTk5OTk5OTk5Ljk5OTk5OTk5OQ&limit=5'],
    ['GET', `/v1/journal?before=${long}`],
    ['GET', `/v1/statements?cursor=${long}`],
    ['GET', '/v1/fills?unknown=1'],
    ['PUT', `/v1/roll-instructions/${long}`, { at: 'market' }],
    ['DELETE', `/v1/roll-instructions/__proto__`],
    ['POST', '/v1/submissions', { product: long, orders: [order(long, 'buy', 1, 1)] }, key],
    ['POST', '/v1/submissions', { product: '__proto__', orders: [{ cancel: 'x' }] }, market.key()],
    ['POST', '/v1/submissions', { product: PRODUCT, orders: [{ cancel: long }] }, market.key()],
    ['POST', '/v1/submissions', { product: PRODUCT, orders: Array.from({ length: 900 }, () => ({ cancel: 'x' })) }, market.key()],
    ['POST', '/v1/submissions', { product: PRODUCT, orders: long.repeat(40) }, market.key()],
    ['POST', '/v1/submissions', { product: PRODUCT, orders: [] }, long],
    ['GET', `/v1/operator/held?cursor=${long}`],
    ['POST', `/v1/operator/held/${long}/approve`, { revision: 1 }],
  ];
  await fewAtATime(asked, ([method, path, body, own]) => market.ask(ROGUE, method, path, body, own));
  // The same slips by an operator.
  const slips: [method: string, path: string, body?: unknown][] = [
    ['GET', `/v1/operator/accounts?cursor=${long}`],
    ['GET', `/v1/operator/accounts/${long}`],
    ['GET', `/v1/operator/held?cursor=${long}`],
    ['POST', `/v1/operator/held/${long}/approve`, { revision: 1 }],
    ['POST', `/v1/operator/held/settlement.${PRODUCT}.2025-99-99/amend`, { revision: 1, curve: {} }],
    ['GET', `/v1/operator/days/${PRODUCT}/2025-02-30`],
    ['GET', `/v1/operator/days/${long}/2025-02-03`],
    ['GET', '/v1/operator/log?after=999999999999'],
    ['PUT', `/v1/operator/index/${long}/2025-10-30`, { value: '2.4' }],
    ['POST', '/v1/operator/cash-movements', { movements: [{ account: 'nobody', reference: 'x', amount: '1.00' }] }],
    ['POST', '/v1/operator/accounts', { accounts: [{ account: long, name: 'x' }] }],
  ];
  await fewAtATime(slips, ([method, path, body]) => market.ask('op-1', method, path, body));
  for (const account of HONEST.slice(0, 2)) await market.ask(account, 'GET', '/v1/orders');
}
