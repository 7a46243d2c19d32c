/**
 * Where each function writes. Roles can't tell partitions of the table apart, so what keeps a function to its own is its
 * code; the table here says it a second time, as the table of keys (lib/store/keys.ts) has it. And what each function asks of
 * the table: here all rights are given, at AWS only those of its role.
 */
import { expect, it } from 'vitest';
import { EXPIRY, openMarket, PRODUCT, play } from '../../lib/faults/scripted-market.ts';
import { PIPELINE } from '../../lib/infra/pipeline.ts';
import type { ProxyRequest } from '../../lib/local/proxy/request.ts';
import type { FunctionName } from '../../lib/store/names.ts';

const WRITES: Record<FunctionName, readonly string[]> = {
  'participant-api': ['IDS', 'RATE', 'SHARD'],
  'statement-api': ['RATE'],
  'market-api': ['RATE'],
  'operator-api': ['HELD', 'INDEX', 'LOG', 'NOTED', 'ONCE', 'PROPOSED', 'RATE', 'VENUE'],
  'accept-orders': ['AUCTION', 'BOOK', 'INTAKE'],
  'close-auction': ['AUCTION', 'DAY', 'SLOT'],
  'clear-auction': ['AUCTION', 'CARRIED', 'LOG', 'RESULT', 'VENUE'],
  'post-events': ['JOURNAL', 'SHARD', 'SHORT', 'STATEMENT', 'TOTALS', 'VENUE'],
  'roll-positions': ['AUCTION', 'CLOSING', 'DAY', 'ROLL'],
  'settle-day': ['DAY', 'HELD', 'INDEX', 'LOG', 'ONCE', 'SHORT', 'VENUE'],
  'sweep-venue': [],
  'authorize-listener': [],
  listen: ['CONNECTION', 'LISTENERS'],
  'tell-listeners': ['CONNECTION', 'LISTENERS'],
};

type Keyed = Record<string, { readonly pk: { readonly S: string } }>;
interface Body {
  readonly Item?: Keyed[string];
  readonly Key?: Keyed[string];
  readonly TransactItems?: readonly Record<string, { readonly Item?: Keyed[string]; readonly Key?: Keyed[string] }>[];
  readonly RequestItems?: Record<string, readonly { readonly PutRequest?: { readonly Item: Keyed[string] } }[]>;
}

/** The partitions that a request writes to, by the first part of their names. */
function written({ service, operation, body }: ProxyRequest): string[] {
  if (service !== 'dynamodb' || !/^(Put|Update|Delete|BatchWrite|TransactWrite)/.test(operation)) return [];
  const { Item, Key, TransactItems = [], RequestItems = {} } = body as Body;
  const keys = [
    Item ?? Key,
    ...TransactItems.flatMap((each) => Object.values(each).map((one) => one.Item ?? one.Key)),
    ...Object.values(RequestItems).flatMap((each) => each.map(({ PutRequest }) => PutRequest?.Item)),
  ];
  const names = keys.flatMap((key) => (key === undefined ? [] : [key.pk.S.split('#')[0]!]));
  // A write that is not understood must not pass for none.
  return names.length > 0 ? names : [`${operation} of nothing we know`];
}

/** A connection that is open. */
async function listen(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  return socket;
}

/** What a right is called where it is not called as the operation. */
const RIGHTS: Readonly<Record<string, string>> = { TransactWriteItems: 'PutItem' };

it('each function writes only to the partitions of the table of keys, and asks the table for nothing that its role refuses', async () => {
  const seen = new Map<string, Set<string>>();
  const asked = new Map<string, Set<string>>();
  const onRequest = (request: ProxyRequest) => {
    const partitions = seen.get(request.function) ?? new Set();
    for (const partition of written(request)) partitions.add(partition);
    seen.set(request.function, partitions);
    const operations = asked.get(request.function) ?? new Set();
    if (request.service === 'dynamodb') operations.add(RIGHTS[request.operation] ?? request.operation);
    asked.set(request.function, operations);
    return 'pass' as const;
  };
  await using market = await openMarket(EXPIRY, { proxy: { onRequest } });
  const listener = await listen(market.cloud.webSocketUrl!);
  await play(market, EXPIRY);
  listener.close();
  await market.cloud.quiet();
  const own = ['fills', 'orders', 'journal', 'account', 'positions', 'statements', `roll/${PRODUCT}`];
  const ofMarket = ['calendar', 'history', 'index', 'rolls'].map((list) => `${list}/${PRODUCT}`);
  const auctions = [`auctions?product=${PRODUCT}`, ...['next', '1', '1/depth'].map((each) => `auctions/${PRODUCT}/${each}`)];
  for (const path of [...own, ...ofMarket, ...auctions]) await market.as.fund.get(`/v1/${path}`);
  const { items } = (await market.as.fund.get('/v1/statements')) as { items: { date: string }[] };
  for (const form of ['', '/csv', '/pdf']) await market.as.fund.get(`/v1/statements/${PRODUCT}/${items[0]!.date}${form}`);
  for (const [name, partitions] of seen)
    expect([name, [...partitions].filter((each) => !WRITES[name as FunctionName].includes(each))]).toEqual([name, []]);
  for (const [name, operations] of asked)
    expect([name, [...operations].filter((each) => !PIPELINE[name as FunctionName].table.includes(each as never))]).toEqual([
      name,
      [],
    ]);
  expect(asked.get('participant-api')).toContain('BatchGetItem');
  // It asks the table for nothing, and no queue.
  expect([...seen.keys(), 'authorize-listener'].sort()).toEqual(Object.keys(WRITES).sort());
  const toLog = [...seen].filter(([, partitions]) => partitions.has('LOG')).map(([name]) => name);
  expect(toLog.sort()).toEqual(['clear-auction', 'operator-api', 'settle-day']);
});
