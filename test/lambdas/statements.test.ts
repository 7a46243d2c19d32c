/** What an account has gained, what it rolls, and what its day was: on a venue whose workers hold real auctions and day runs. */
import { inflateSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { handler } from '../../lambdas/participant-api/index.ts';
import { handler as files } from '../../lambdas/statement-api/index.ts';
import { contractCode } from '../../lib/domain/contract/months.ts';
import { cents, type Micros } from '../../lib/domain/contract/units.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { SHARDS } from '../venue/accounts.ts';
import { moved } from '../venue/events.ts';
import { DEC, month, newYork, on, RISKY } from '../venue/h100.ts';
import { buy, sell, spread } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { type Answered, type Asked, ask, codeOf, operator, trader } from '../venue/requests.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
const JAN = month('2026-01');
const [THURSDAY, FRIDAY] = ['2025-11-06', '2025-11-07'];
const NAME = 'Ann & Söhne 東京 \u202Eliame';

let product: string;
let [ann, cat, dan] = ['', '', ''];
let [december, january] = ['', ''];
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product, { date: '2025-11-05', parameters: { ...RISKY, bandTicks: RISKY.bandTicks } });
  [ann, cat, dan] = ['ann', 'cat', 'dan'].map((name) => `${name}-${product.toLowerCase()}`) as [string, string, string];
  [december, january] = [contractCode(product, DEC), contractCode(product, JAN)];
  const accounts = [ann, cat, dan].map((account) => ({ account, name: account === ann ? NAME : account, product }));
  const opened = await ask(operatorApi, 'POST /v1/operator/accounts', { claims: operator('olga'), body: { accounts } });
  expect(opened.status).toBe(201);
  for (const account of [ann, cat, dan]) await venue.commit(moved(account, cents(2_000_000n)));
  for (const date of [THURSDAY, FRIDAY]) await publishIndex(venue.table, product, on(date!), 2_400_000n as Micros, ['op']);
  for (let shard = 0; shard < SHARDS; shard++) await deliver('postings', { v: 1, shard });
});

const get = (route: string, more: Asked = {}): Promise<Answered> =>
  ask(handler, `GET ${route}`, { claims: trader(ann), ...more });
const of = (date = THURSDAY): Record<string, string> => ({ product, date: date! });
const send = (account: string, date: string, ...orders: Parameters<typeof submission>[3]) =>
  deliver('orders', submission(product, account, newYork(date, '09:30'), orders));

/** On Thursday Ann buys ten of December at 2.400, sells four at 2.430 in the closing auction, and takes five hundred dollars out. */
async function thursday(): Promise<void> {
  await send(ann, THURSDAY!, buy('b', DEC, 2400, 10));
  await send(cat, THURSDAY!, sell('s', DEC, 2400, 10));
  await venue.holdAuction(product, newYork(THURSDAY!, '10:00'));
  await send(ann, THURSDAY!, sell('p', DEC, 2430, 4));
  await send(cat, THURSDAY!, buy('q', DEC, 2430, 4));
  await venue.commit(moved(ann, cents(-50_000n), 'taken out'));
  await venue.runDay(product, THURSDAY!);
}

/** On Friday, the first day of the roll, a fifth of what she holds rolls at 0.020: one lot of six. */
async function friday(): Promise<void> {
  const rolls = await ask(handler, 'PUT /v1/roll-instructions/{product}', {
    claims: trader(ann),
    path: { product },
    body: { at: 'market' },
  });
  expect(rolls.status).toBe(200);
  await send(dan, FRIDAY!, spread('x', DEC, JAN, -20, 5));
  await venue.runDay(product, FRIDAY!);
}

describe('positions', () => {
  test('show what they cost to enter, what they have gained since, and what they make the account need', async () => {
    await thursday();
    const { body } = await get('/v1/positions');
    expect(body).toMatchObject({
      account: ann,
      cash: '19800.00',
      requirement: '1800.00',
      openProfit: '180.00',
      realizedProfit: '120.00',
    });
    expect(body.positions).toEqual([
      {
        contract: december,
        lots: 6,
        mark: '2.430',
        entryPrice: '2.400000',
        entryCost: '14400.00',
        openProfit: '180.00',
        requirementFreed: '1800.00',
      },
    ]);
    expect((await get('/v1/positions', { claims: trader(cat) })).body.positions).toMatchObject([
      { lots: -6, entryPrice: '2.400000', entryCost: '-14400.00', openProfit: '-180.00' },
    ]);
  });

  test('that roll leave one month and enter the other, and deposits, open and realized profit add up to the cash', async () => {
    await thursday();
    await friday();
    const { cash, openProfit, realizedProfit, positions } = (await get('/v1/positions')).body;
    expect(positions.map(({ contract, lots }: { contract: string; lots: number }) => [contract, lots])).toEqual([
      [december, 5],
      [january, 1],
    ]);
    const sum = (20_000 - 500 + Number(openProfit) + Number(realizedProfit)).toFixed(2);
    expect(sum).toBe(cash);
    const each = positions.reduce((total: number, position: { openProfit: string }) => total + Number(position.openProfit), 0);
    expect(each.toFixed(2)).toBe(openProfit);
    // Apart, the two months need what one lot of each needs; together the spread gets its credit.
    const freed = positions.map(({ requirementFreed }: { requirementFreed: string }) => Number(requirementFreed));
    expect(freed[0]).toBeGreaterThan(freed[1]);
  });
});

describe('the roll of an account', () => {
  const roll = async (more: Asked = {}) => (await get('/v1/roll/{product}', { path: { product }, ...more })).body;
  type Day = { date: string; due: number | null; rolled: number; price: string | null; cost: string };
  const days = (body: { windows: { days: Day[] }[] }, at = 0) =>
    body.windows[at]!.days.map(({ date, due, rolled, price, cost }) => [date.slice(8), due, rolled, price, cost]);

  test('says nothing is on while there is no instruction, and then what would roll on which day', async () => {
    await thursday();
    const off = await roll();
    expect(off).toMatchObject({
      product,
      instruction: null,
      windows: [{ near: december, next: january, held: 6, rolled: 0, left: 6 }],
    });
    expect(days(off).map(([, due]) => due)).toEqual([0, 0, 0, 0, 0]);
    await ask(handler, 'PUT /v1/roll-instructions/{product}', {
      claims: trader(ann),
      path: { product },
      body: { at: 'limit', limit: '0.015' },
    });
    const on = await roll();
    expect(on.instruction).toEqual({ product, at: 'limit', limit: '0.015' });
    expect(days(on)).toEqual([
      ['07', 1, 0, null, '0.00'],
      ['10', 1, 0, null, '0.00'],
      ['11', 2, 0, null, '0.00'],
      ['12', 1, 0, null, '0.00'],
      ['13', 1, 0, null, '0.00'],
    ]);
    // Another account has a roll of its own, and one that never traded an empty one.
    expect(await roll({ claims: trader(cat) })).toMatchObject({ instruction: null, windows: [{ left: -6 }] });
    expect(await roll({ claims: trader(dan) })).toMatchObject({
      instruction: null,
      windows: [{ held: null, rolled: 0, left: 0 }],
    });
  });

  test('says what has rolled, at which price and what it cost, while its day is open and once it is closed', async () => {
    await thursday();
    await ask(handler, 'PUT /v1/roll-instructions/{product}', { claims: trader(ann), path: { product }, body: { at: 'market' } });
    await send(dan, FRIDAY!, spread('x', DEC, JAN, -20, 5));
    await deliver('rolls', { v: 1, product, slot: newYork(FRIDAY!, '16:00') });
    await venue.work('closings', 'orders', 'clearings');
    for (let shard = 0; shard < SHARDS; shard++) await deliver('postings', { v: 1, shard });
    const open = await roll();
    expect(open.windows).toMatchObject([{ held: 6, rolled: 1, left: 5, cost: '20.00' }]);
    expect(days(open).slice(0, 3)).toEqual([
      ['07', null, 1, '0.020', '20.00'],
      ['10', 1, 0, null, '0.00'],
      ['11', 2, 0, null, '0.00'],
    ]);
    await venue.work();
    expect(await roll()).toEqual(open);
  });
});

describe('a statement', () => {
  test('is explained from the balance that its day began with to the one it ended with, contract by contract', async () => {
    await thursday();
    const { items } = (await get('/v1/statements')).body;
    const answer = await get('/v1/statements/{product}/{date}', { path: of() });
    const { deposited: _, positions: __, ...listed } = items[0];
    expect(answer.body).toEqual({
      ...listed,
      account: ann,
      name: NAME,
      owner: ann,
      opening: '0.00',
      deposits: '20000.00',
      withdrawals: '-500.00',
      elsewhere: '0.00',
      variation: '300.00',
      balance: '19800.00',
      contracts: [{ contract: december, openingLots: 0, lots: 6, price: '2.430', variation: '300.00' }],
      requirement: '1800.00',
      cover: '19800.00',
      excess: '18000.00',
    });
    expect(answer.headers['cache-control']).toBe('private, max-age=31536000, immutable');
    await friday();
    const next = (await get('/v1/statements/{product}/{date}', { path: of(FRIDAY) })).body;
    expect(next).toMatchObject({ opening: '19800.00', deposits: '0.00', withdrawals: '0.00', rolledLots: 1, rollCost: '20.00' });
    const brought = next.contracts.reduce((sum: number, { variation }: { variation: string }) => sum + Number(variation), 0);
    expect(brought.toFixed(2)).toBe(next.variation);
    expect((19_800 + brought).toFixed(2)).toBe(next.balance);
    expect(next.contracts.map(({ openingLots, lots }: { openingLots: number; lots: number }) => [openingLots, lots])).toEqual([
      [6, 5],
      [0, 1],
    ]);
  });

  test('is a CSV file whose rows stand for themselves, and in which nothing is a formula', async () => {
    await thursday();
    const answer = await ask(files, 'GET /v1/statements/{product}/{date}/csv', { claims: trader(ann), path: of() });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv',
      'content-disposition': `attachment; filename="statement-${ann}-${product}-${THURSDAY}.csv"`,
      'cache-control': 'private, max-age=31536000, immutable',
    });
    const common = `${ann},${product},${THURSDAY}`;
    expect(answer.bytes.toString()).toBe(
      [
        'account,product,date,item,contract,lots,price,amount',
        `${common},opening-balance,,,,0.00`,
        `${common},deposits,,,,20000.00`,
        `${common},withdrawals,,,,-500.00`,
        `${common},variation,${december},6,2.430,300.00`,
        `${common},other-products,,,,0.00`,
        `${common},closing-balance,,,,19800.00`,
        `${common},roll-cost,,0,,0.00`,
        `${common},requirement,,,,1800.00`,
        `${common},cover,,,,19800.00`,
        `${common},excess,,,,18000.00`,
        '',
      ].join('\r\n'),
    );
  });

  test('is a PDF of the same bytes whenever it is asked for, on which every figure stands and the name can do no harm', async () => {
    await thursday();
    const pdf = (more: Asked = {}) =>
      ask(files, 'GET /v1/statements/{product}/{date}/pdf', { claims: trader(ann), path: of(), ...more });
    const first = await pdf();
    expect(first.status).toBe(200);
    expect(first.headers).toMatchObject({
      'content-type': 'application/pdf',
      'content-disposition': `attachment; filename="statement-${ann}-${product}-${THURSDAY}.pdf"`,
    });
    await friday();
    const again = await pdf({ at: Date.parse('2027-01-02T00:00:00Z') });
    expect(again.bytes.equals(first.bytes)).toBe(true);
    expect(again.headers.etag).toBe(first.headers.etag);
    const known = await pdf({ headers: { 'if-none-match': `${first.headers.etag}` } });
    expect([known.status, known.bytes.length]).toEqual([304, 0]);
    const shown = textIn(first.bytes);
    expect(shown).toContain('Ann & Söhne [U+6771][U+4EAC] [U+202E]liame');
    expect(shown.join('\n')).toContain('Characters that these fonts lack are written as their codes');
    for (const text of [
      'Daily statement',
      ann,
      product,
      THURSDAY,
      '20,000.00',
      '-500.00',
      '300.00',
      '19,800.00',
      '18,000.00',
      'Page 1 of 1',
    ])
      expect(shown).toContain(text);
    expect(first.bytes.length).toBeLessThan(20_000);
  });

  test('of a day, a product or an account that has none is not there', async () => {
    await thursday();
    for (const form of ['', '/csv', '/pdf']) {
      const asked = (path: Record<string, string>, claims = trader(ann)) =>
        ask(form === '' ? handler : files, `GET /v1/statements/{product}/{date}${form}`, { claims, path });
      for (const path of [
        of(FRIDAY),
        { ...of(), product: 'A100' },
        { ...of(), product: '__proto__' },
        { ...of(), product: 'X'.repeat(3_000) },
      ])
        expect(codeOf(await asked(path))).toBe('not-found');
      expect(codeOf(await asked({ product, date: '2025-02-30' }))).toBe('invalid-request');
      expect(codeOf(await asked(of(), trader('nobody')))).toBe('account-not-open');
    }
  });

  test("another account's statement is not there: whose it is, the token says", async () => {
    await thursday();
    const own = (await get('/v1/statements/{product}/{date}', { path: of() })).body;
    const theirs = (await get('/v1/statements/{product}/{date}', { path: of(), claims: trader(cat) })).body;
    expect([own.account, theirs.account]).toEqual([ann, cat]);
    const none = await ask(files, 'GET /v1/statements/{product}/{date}/pdf', {
      claims: trader(dan),
      path: { product, date: FRIDAY! },
    });
    expect(codeOf(none)).toBe('not-found');
  });
});

/** The texts that a PDF shows, in their order: of pages that were made here, which write them in hex. */
function textIn(pdf: Buffer): string[] {
  const streams = [...pdf.toString('latin1').matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)].map(([, body]) => body!);
  const pages = streams.map((body) => inflateSync(Buffer.from(body, 'latin1')).toString('latin1'));
  return pages.flatMap((page) =>
    [...page.matchAll(/<([0-9A-F]*)> Tj/g)].map(([, hex]) => Buffer.from(hex!, 'hex').toString('latin1')),
  );
}
