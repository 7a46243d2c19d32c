import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { handler } from '../../lambdas/participant-api/index.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { readIdKey } from '../../lib/store/id-key.ts';
import { idKeyKey, shardOf } from '../../lib/store/keys.ts';
import { parseMessage, type SubmissionMessage } from '../../lib/store/messages.ts';
import { unpackInstructions } from '../../lib/store/packing.ts';
import { writeSubmission } from '../../lib/store/submissions.ts';
import { openApiVenue } from '../venue/api-venue.ts';
import { PRODUCT } from '../venue/h100.ts';
import { type Answered, type Asked, ask, codeOf, NOW, operator, trader } from '../venue/requests.ts';

const { logger } = openBackends();

const SHARDS = 2;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const { engine, table } = await openApiVenue({ shards: SHARDS });
beforeEach(() => {
  engine.requests.length = 0;
});

let serial = 100;
const freshKey = (at = NOW): string => numberedKey(at, serial++);
const outright = (more: Record<string, unknown> = {}) => ({
  clientOrderId: 'b1',
  side: 'buy',
  contract: 'H100-SXM-2025-12',
  price: '2.350',
  lots: 10,
  ...more,
});
const spread = (more: Record<string, unknown> = {}) => ({
  clientOrderId: 's1',
  buy: 'H100-SXM-2026-01',
  sell: 'H100-SXM-2025-12',
  price: '-0.010',
  lots: 5,
  ...more,
});
const bodyOf = (...orders: unknown[]) => ({ product: PRODUCT, orders });

const submit = (body: unknown, more: Asked & { key?: string } = {}): Promise<Answered> =>
  ask(handler, 'POST /v1/submissions', {
    claims: trader('acme'),
    headers: { 'idempotency-key': more.key ?? freshKey() },
    body,
    ...more,
  });
const get = (route: string, more: Asked = {}): Promise<Answered> =>
  ask(handler, `GET ${route}`, { claims: trader('acme'), ...more });
const status = (submission: string, more: Asked = {}): Promise<Answered> =>
  get('/v1/submissions/{submission}', { path: { submission }, ...more });
const sent = (): SubmissionMessage[] =>
  engine.messages('orders').map((message) => parseMessage('orders', JSON.stringify(message)) as SubmissionMessage);

/** What accept does with a message, so far as these tests need it. */
async function accept(message: SubmissionMessage, auction = 1): Promise<void> {
  const { product, shard, account, sender, key, digest, receivedAt } = message;
  const instructions = unpackInstructions(Buffer.from(message.instructions, 'base64'));
  await writeSubmission(table, {
    product,
    shard,
    account,
    sender,
    key,
    digest,
    auction,
    sequence: '1',
    decidedOn: 1,
    figures: [],
    receivedAt,
    instructions,
    outcomes: instructions.map(() => 'accepted'),
  });
}

describe('submitting', () => {
  test('a submission becomes one message, and its answer names it', async () => {
    const key = freshKey();
    const orders = [
      outright({ timeInForce: 'gtc' }),
      spread(),
      { cancel: 'b0' },
      { cancelAll: true },
      spread({ replaces: 's0', clientOrderId: 's2' }),
      outright({ clientOrderId: 'o1', side: 'sell', replaces: 'o0' }),
    ];
    const answer = await submit(bodyOf(...orders), { key });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      submission: expect.stringContaining(`${PRODUCT}.${key}.`),
      status: `/v1/submissions/${answer.body.submission}`,
    });
    const [message, ...more] = sent();
    expect(more).toEqual([]);
    expect(message).toMatchObject({
      product: PRODUCT,
      account: 'acme',
      sender: 'user-of-acme',
      key,
      shard: shardOf('acme', SHARDS),
      receivedAt: '2025-10-20T14:00:00.000Z',
    });
    const [december, january] = [2025 * 12 + 11, 2026 * 12];
    const terms = { lots: 5, timeInForce: 'auction', buy: january, sell: december, limit: -10 };
    expect(unpackInstructions(Buffer.from(message!.instructions, 'base64'))).toEqual([
      { kind: 'new', order: { clientOrderId: 'b1', buy: december, sell: 0, limit: 2350, lots: 10, timeInForce: 'gtc' } },
      { kind: 'new', order: { clientOrderId: 's1', ...terms } },
      { kind: 'cancel', clientOrderId: 'b0' },
      { kind: 'cancel-all' },
      { kind: 'replace', replaces: 's0', order: { clientOrderId: 's2', ...terms } },
      {
        kind: 'replace',
        replaces: 'o0',
        order: { clientOrderId: 'o1', buy: 0, sell: december, limit: -2350, lots: 10, timeInForce: 'auction' },
      },
    ]);
  });

  test.each<[key: string, age: number, requests: string[]]>([
    ['made just now', 0, ['SendMessage']],
    ['made by a clock that is ahead', -5_000, ['SendMessage']],
    ['made up to two seconds ago', 1_999, ['SendMessage']],
    ['that may be known', 2_000, ['GetItem', 'SendMessage']],
  ])('a submission with a key %s costs one message, and a small read if it may be known', async (_, age, requests) => {
    await submit(bodyOf(outright()));
    engine.requests.length = 0;
    for (let each = 0; each < 5; each++) await submit(bodyOf(outright()), { key: freshKey(NOW - age) });
    expect(engine.requests).toEqual(Array.from({ length: 5 }, () => requests).flat());
  });

  test('the state of the venue is looked at again after half a minute', async () => {
    await submit(bodyOf(outright()), { at: NOW });
    engine.requests.length = 0;
    await submit(bodyOf(outright()), { at: NOW + 30_000 });
    await submit(bodyOf(outright()), { at: NOW + 30_001 });
    expect(engine.requests).toEqual(['GetItem', 'SendMessage', 'Query', 'GetItem', 'SendMessage']);
  });

  test('what is refused is looked at a second time, at the newest, and no third time', async () => {
    await submit(bodyOf(outright()));
    const look = async (body: unknown, key?: string): Promise<string[]> => {
      engine.requests.length = 0;
      await submit(body, key === undefined ? {} : { key });
      return [...engine.requests];
    };
    expect(await look(bodyOf(outright({ contract: 'H100-SXM-2025-09' })))).toEqual(['Query', 'GetItem']);
    expect(await look(bodyOf(outright()), numberedKey(NOW - 11 * MINUTE))).toEqual(['GetItem', 'Query', 'GetItem']);
    expect(await look({ product: 'A100', orders: [outright()] })).toEqual(['Query']);
    expect(await look(bodyOf(outright({ price: '2.3505' })))).toEqual([]);
  });

  test('five hundred orders of the longest names fit', async () => {
    const orders = Array.from({ length: 500 }, (_, at) =>
      spread({
        clientOrderId: `${at}`.padStart(36, 'n'),
        replaces: `${at}`.padStart(36, 'o'),
        lots: 1_000_000,
        price: '-100000.000',
      }),
    );
    expect((await submit(bodyOf(...orders))).status).toBe(202);
    expect(unpackInstructions(Buffer.from(sent()[0]!.instructions, 'base64'))).toHaveLength(500);
  });

  test('orders written differently are the same orders', async () => {
    const key = freshKey();
    const one = await submit(bodyOf(outright()), { key });
    const two = await submit(
      `{"orders":[{"lots":1e1,"timeInForce":"auction","price":"2.35","contract":"H100-SXM-2025-12","side":"buy","clientOrderId":"\\u0062\\u0031"}],"product":"${PRODUCT}"}`,
      { key: key.toUpperCase() },
    );
    expect([two.status, two.body]).toEqual([one.status, one.body]);
  });

  test('when the queue does not take it the answer is to try again under the same key', async () => {
    const key = freshKey();
    engine.fail('SendMessage', 5);
    const failed = await submit(bodyOf(outright()), { key });
    expect([failed.status, codeOf(failed), failed.headers['retry-after']]).toEqual([503, 'try-again', '1']);
    expect((await submit(bodyOf(outright()), { key })).status).toBe(202);
    expect(sent()).toHaveLength(1);
  });

  test('when the table does not answer nothing is sent', async () => {
    engine.fail('GetItem', 5);
    expect(codeOf(await submit(bodyOf(outright()), { key: freshKey(NOW - MINUTE) }))).toBe('try-again');
    expect(sent()).toEqual([]);
  });
});

describe('bad submissions are refused with the field and the rule, and nothing is sent', () => {
  const at = (path: string, orders: unknown[], code = 'invalid-submission') => [path, orders, code] as const;
  test.each([
    ['an unknown field', ...at('$.orders[0].size', [outright({ size: 1 })])],
    ['an unknown field of a cancel', ...at('$.orders[0].lots', [{ cancel: 'b1', lots: 1 }])],
    ['no such thing as an account in the body', ...at('$.orders[0].account', [outright({ account: 'zeta' })])],
    ['no such thing as a sender in the body', ...at('$.orders[0].sender', [outright({ sender: 'user-of-zeta' })])],
    ['a cancel of all that is not true', ...at('$.orders[0].cancelAll', [{ cancelAll: false }])],
    ['an unknown field of a cancel of all', ...at('$.orders[0].lots', [{ cancelAll: true, lots: 1 }])],
    ['a cancel that is a number', ...at('$.orders[0].cancel', [{ cancel: 7 }])],
    ['an entry that is text', ...at('$.orders[0]', ['buy'])],
    ['an entry that is null', ...at('$.orders[0]', [null])],
    ['an entry that is a list', ...at('$.orders[0]', [[]])],
    ['an empty entry', ...at('$.orders[0].clientOrderId', [{}])],
    ['no orders', ...at('$.orders', [])],
    [
      '501 orders',
      ...at(
        '$.orders',
        Array.from({ length: 501 }, (_, each) => outright({ clientOrderId: `b${each}` })),
      ),
    ],
    ['a price that is a number', ...at('$.orders[0].price', [outright({ price: 2.35 })])],
    ['a price off the tick', ...at('$.orders[0].price', [outright({ price: '2.3505' })])],
    ['a price of zero', ...at('$.orders[0].price', [outright({ price: '0.000' })])],
    ['a price below zero', ...at('$.orders[0].price', [outright({ price: '-2.350' })])],
    ['a price beyond any market', ...at('$.orders[0].price', [outright({ price: '100000.001' })])],
    ['a price in words', ...at('$.orders[0].price', [outright({ price: 'NaN' })])],
    ['a price with an exponent', ...at('$.orders[0].price', [outright({ price: '2e0' })])],
    ['a price with a space', ...at('$.orders[0].price', [outright({ price: ' 2.350' })])],
    ['a spread off the tick', ...at('$.orders[1].price', [outright(), spread({ price: '0.0001' })])],
    ['no lots', ...at('$.orders[0].lots', [outright({ lots: 0 })])],
    ['lots below zero', ...at('$.orders[0].lots', [outright({ lots: -1 })])],
    ['lots in parts', ...at('$.orders[0].lots', [outright({ lots: 1.5 })])],
    ['lots as text', ...at('$.orders[0].lots', [outright({ lots: '10' })])],
    ['too many lots', ...at('$.orders[0].lots', [outright({ lots: 1_000_001 })])],
    ['an unknown side', ...at('$.orders[0].side', [outright({ side: 'hold' })])],
    ['an unknown time in force', ...at('$.orders[0].timeInForce', [outright({ timeInForce: 'forever' })])],
    ['a name that is empty', ...at('$.orders[0].clientOrderId', [outright({ clientOrderId: '' })])],
    ['a name that is too long', ...at('$.orders[0].clientOrderId', [outright({ clientOrderId: 'n'.repeat(37) })])],
    ['a name with a separator of ours', ...at('$.orders[0].clientOrderId', [outright({ clientOrderId: 'a#b' })])],
    ['a name with a line break', ...at('$.orders[0].clientOrderId', [outright({ clientOrderId: 'a\n' })])],
    ['an empty name to replace', ...at('$.orders[0].replaces', [outright({ replaces: '' })])],
    ['an outright that is half a spread', ...at('$.orders[0].buy', [outright({ buy: 'H100-SXM-2025-12' })])],
    ['a spread without its far side', ...at('$.orders[0].sell', [{ ...spread(), sell: undefined }])],
    ['far the same as near', ...at('$.orders[0].sell', [spread({ sell: 'H100-SXM-2026-01' })])],
    ['a contract that is no contract', ...at('$.orders[0].contract', [outright({ contract: 'H100-SXM' })])],
    ['a contract of another product', ...at('$.orders[0].contract', [outright({ contract: 'A100-SXM-2025-12' })])],
    ['a month that does not exist', ...at('$.orders[0].contract', [outright({ contract: 'H100-SXM-2025-13' })])],
    ['a month that has expired', ...at('$.orders[0].contract', [outright({ contract: 'H100-SXM-2025-09' })], 'unknown-contract')],
    ['a month not listed yet', ...at('$.orders[0].sell', [spread({ sell: 'H100-SXM-2026-10' })], 'unknown-contract')],
  ])('%s', async (_, path, orders, code) => {
    const answer = await submit(bodyOf(...orders));
    expect([answer.status, codeOf(answer)]).toEqual([422, code]);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body.errors.map((fault: { path: string }) => fault.path)).toContain(path);
    for (const { rule } of answer.body.errors) expect(rule).toMatch(/^(must|is) /);
    expect(sent()).toEqual([]);
  });

  test.each([
    ['a product that is not there', { product: 'A100', orders: [outright()] }, 422, 'unknown-contract'],
    ['a product of the language', { product: '__proto__', orders: [outright()] }, 422, 'unknown-contract'],
    ['another of them', { product: 'constructor', orders: [outright()] }, 422, 'unknown-contract'],
    ['no product', { orders: [outright()] }, 422, 'invalid-submission'],
    ['a field beside the orders', { ...bodyOf(outright()), account: 'zeta' }, 422, 'invalid-submission'],
    ['a list', [outright()], 422, 'invalid-submission'],
    ['null', 'null', 422, 'invalid-submission'],
    ['nothing', '', 400, 'malformed-json'],
    ['half a body', '{"product":', 400, 'malformed-json'],
    ['NaN', JSON.stringify(bodyOf(outright({ lots: 987 }))).replace('987', 'NaN'), 400, 'malformed-json'],
    ['1e400', JSON.stringify(bodyOf(outright({ lots: 987 }))).replace('987', '1e400'), 400, 'malformed-json'],
    ['__proto__', '{"product":"H100-SXM","__proto__":{"orders":[]},"orders":[]}', 400, 'malformed-json'],
    ['lots given twice', JSON.stringify(bodyOf(outright({ lots: 987 }))).replace('987', '1,"lots":2'), 400, 'malformed-json'],
    ['a body of 300 KB', { ...bodyOf(outright()), padding: 'x'.repeat(300_000) }, 413, 'too-large'],
  ])('%s as the body', async (_, body, expected, code) => {
    const answer = await submit(body);
    expect([answer.status, codeOf(answer)]).toEqual([expected, code]);
    expect(sent()).toEqual([]);
  });

  test('every fault of every entry is in one answer', async () => {
    const answer = await submit(bodyOf(outright({ price: 'x', contract: 'y' }), spread({ price: 'z' })));
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toEqual([
      '$.orders[0].contract',
      '$.orders[0].price',
      '$.orders[1].price',
    ]);
  });

  test('whatever the body, the answer is a refusal or an acceptance, and only an acceptance sends', async () => {
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('2.350', '-0.010', 'H100-SXM-2025-12', 'H100-SXM-2025-09', 'buy', 'gtc', 'b1', 10, 0, 1e21),
    );
    const field = fc.constantFrom(
      'clientOrderId',
      'side',
      'contract',
      'price',
      'lots',
      'timeInForce',
      'buy',
      'sell',
      'replaces',
      'cancel',
      'constructor',
      'toString',
      'x',
    );
    const order = fc
      .tuple(fc.constantFrom(outright(), spread(), { cancel: 'b1' }), fc.dictionary(field, odd, { maxKeys: 2 }))
      .map(([one, change]) => ({ ...one, ...change }));
    const body = fc.oneof(
      fc.array(fc.oneof(order, odd), { maxLength: 4 }).map((orders) => JSON.stringify(bodyOf(...orders))),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.string({ unit: 'binary' }),
      fc
        .tuple(fc.nat(200), fc.string({ maxLength: 3 }))
        .map(([place, text]) =>
          JSON.stringify(bodyOf(outright(), spread())).replace(new RegExp(`^(.{${place}}).?`), `$1${text.replaceAll('$', '')}`),
        ),
    );
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), async (text, isBase64Encoded) => {
        engine.requests.length = 0;
        const answer = await submit(isBase64Encoded ? Buffer.from(text).toString('base64') : text, { isBase64Encoded });
        seen.add(answer.status);
        expect([202, 400, 422]).toContain(answer.status);
        expect(engine.requests.includes('SendMessage')).toBe(answer.status === 202);
        if (answer.status !== 202) expect(answer.body.type).toMatch(/^urn:compute-exchange:[a-z-]+$/);
      }),
      { numRuns: 600 },
    );
    expect(seen).toEqual(new Set([202, 400, 422]));
  });
});

describe('the idempotency key', () => {
  test.each([
    ['missing', undefined, 400, 'idempotency-key-missing'],
    ['empty', '', 400, 'idempotency-key-missing'],
    ['no UUID', 'key-1', 400, 'idempotency-key-malformed'],
    ['a UUIDv4', 'b3f1c1de-8f4d-4f3a-9b1a-2f6f0f1c2d3e', 400, 'idempotency-key-malformed'],
    ['of another variant', numberedKey(NOW).replace('-8000-', '-c000-'), 400, 'idempotency-key-malformed'],
    ['two keys', `${numberedKey(NOW)},${numberedKey(NOW)}`, 400, 'idempotency-key-malformed'],
    ['more than ten minutes old', numberedKey(NOW - 10 * MINUTE - 1), 422, 'idempotency-key-stale'],
    ['more than a minute ahead', numberedKey(NOW + MINUTE + 1), 422, 'idempotency-key-stale'],
    ['of the end of time', 'ffffffff-ffff-7fff-bfff-ffffffffffff', 422, 'idempotency-key-stale'],
    ['of the beginning of time', '00000000-0000-7000-8000-000000000000', 422, 'idempotency-key-stale'],
  ])('%s is refused and nothing is sent', async (_, key, expected, code) => {
    const answer = await submit(bodyOf(outright()), { headers: key === undefined ? {} : { 'idempotency-key': key } });
    expect([answer.status, codeOf(answer)]).toEqual([expected, code]);
    expect(sent()).toEqual([]);
  });

  test.each([
    ['too old', -11 * MINUTE],
    ['too far ahead', 2 * MINUTE],
  ])('%s is refused with the time at the venue, so that its sender can put its clock right', async (_, age) => {
    const answer = await submit(bodyOf(outright()), { key: freshKey(NOW + age) });
    expect(answer.body.detail).toContain('at the venue it is 2025-10-20T14:00:00.000Z');
    expect(answer.headers['venue-time']).toBe('2025-10-20T14:00:00.000Z');
  });

  test.each([
    ['ten minutes old', -10 * MINUTE],
    ['a minute ahead', MINUTE],
  ])('%s is fresh', async (_, age) => {
    expect((await submit(bodyOf(outright()), { key: freshKey(NOW + age) })).status).toBe(202);
  });

  test.each([
    ['after two seconds', 2_000],
    ['after an hour', 60 * MINUTE],
    ['after a year', 365 * DAY],
  ])('the same key and orders get the same answer %s, and other orders are refused', async (_, later) => {
    const key = freshKey();
    const first = await submit(bodyOf(outright()), { key });
    await accept(sent()[0]!);
    engine.drain();
    const again = await submit(bodyOf(outright()), { key, at: NOW + later });
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    const other = await submit(bodyOf(outright({ lots: 11 })), { key, at: NOW + later });
    expect([other.status, codeOf(other)]).toEqual([422, 'idempotency-key-reused']);
    expect(sent()).toEqual([]);
  });

  test('a repeat that overtakes the book is sent again, and its item decides', async () => {
    const key = freshKey();
    await submit(bodyOf(outright()), { key });
    await submit(bodyOf(outright({ lots: 11 })), { key });
    const [first, second] = sent();
    expect(first!.key).toBe(second!.key);
    expect(first!.digest).not.toBe(second!.digest);
  });

  test.each<[what: string, claims: Record<string, unknown>]>([
    ['without a subject', { 'custom:account': 'acme' }],
    ['whose subject is empty', { ...trader('acme'), sub: '' }],
    ['whose subject is longer than one may be', { ...trader('acme'), sub: 'a'.repeat(256) }],
    ['whose subject is the name that the venue sends under', { ...trader('acme'), sub: 'venue' }],
  ])('a token %s sends nothing: every order has a sender that can be named', async (_, claims) => {
    expect(codeOf(await submit(bodyOf(outright()), { claims }))).toBe('token-refused');
    expect(sent()).toEqual([]);
  });

  test('the same key of two accounts is two keys', async () => {
    const key = freshKey();
    const one = await submit(bodyOf(outright()), { key });
    const two = await submit(bodyOf(outright()), { key, claims: trader('zeta') });
    expect(two.status).toBe(202);
    expect(two.body.submission).not.toBe(one.body.submission);
  });
});

describe('what became of a submission', () => {
  test('it is queued until its item stands, then decided with an outcome for each order', async () => {
    const { submission } = (await submit(bodyOf(outright(), { cancel: 'b0' }, { cancelAll: true }))).body;
    expect((await status(submission)).body).toEqual({ submission, product: PRODUCT, state: 'queued', orders: [] });
    const message = sent()[0]!;
    const instructions = unpackInstructions(Buffer.from(message.instructions, 'base64'));
    await writeSubmission(table, {
      ...message,
      auction: 3,
      sequence: '1',
      decidedOn: 1,
      figures: [],
      instructions,
      outcomes: ['accepted', 'unknown-order', 'deferred'],
    });
    expect((await status(submission)).body).toEqual({
      submission,
      product: PRODUCT,
      state: 'decided',
      sender: 'user-of-acme',
      auction: 3,
      receivedAt: '2025-10-20T14:00:00.000Z',
      orders: [
        { clientOrderId: 'b1', outcome: 'accepted' },
        { cancel: 'b0', outcome: 'refused', reason: 'unknown-order' },
        { cancelAll: true, outcome: 'deferred' },
      ],
    });
  });

  test('what never came to the book is gone after a day', async () => {
    const { submission } = (await submit(bodyOf(outright()))).body;
    expect((await status(submission, { at: NOW + DAY - 1 })).body.state).toBe('queued');
    expect(codeOf(await status(submission, { at: NOW + DAY }))).toBe('not-found');
  });

  test('of two bodies under one key, the one that does not stand is refused at its status', async () => {
    const key = freshKey();
    await submit(bodyOf(outright()), { key });
    const second = await submit(bodyOf(outright({ lots: 11 })), { key });
    await accept(sent()[0]!);
    expect(codeOf(await status(second.body.submission))).toBe('idempotency-key-reused');
  });

  test("another account's submission is not found, queued or decided, and asking is in the access log", async () => {
    const { submission } = (await submit(bodyOf(outright()))).body;
    for (const decided of [false, true]) {
      if (decided) await accept(sent()[0]!);
      const answer = await status(submission, { claims: trader('zeta') });
      expect([answer.status, codeOf(answer)]).toEqual([404, 'not-found']);
      expect(logger.info).toHaveBeenLastCalledWith(
        'submission not found',
        expect.objectContaining({ access: true, account: 'zeta' }),
      );
    }
  });

  test('an id with any of its characters changed is the id of nothing, queued or decided', async () => {
    const { submission } = (await submit(bodyOf(outright()))).body;
    const altered = [...submission].map(
      (letter, at) => `${submission.slice(0, at)}${letter === '0' ? '1' : '0'}${submission.slice(at + 1)}`,
    );
    for (const decided of [false, true]) {
      if (decided) await accept(sent()[0]!);
      for (const id of [...altered, submission.slice(0, -1), `${submission}0`, submission.toUpperCase(), ` ${submission}`])
        expect([id, (await status(id)).status]).toEqual([id, 404]);
      expect((await status(submission)).status).toBe(200);
    }
  });

  test('an id is known to every process of the venue, and to none whose venue has lost its key', async () => {
    const key = freshKey();
    const { submission } = (await submit(bodyOf(outright()), { key })).body;
    await accept(sent()[0]!);
    const process = async (): Promise<typeof handler> => {
      vi.resetModules();
      return (await import('../../lambdas/participant-api/index.ts')).handler;
    };
    const asked = { claims: trader('acme'), path: { submission } };
    expect((await ask(await process(), 'GET /v1/submissions/{submission}', asked)).body.state).toBe('decided');
    const row = (await table.get(idKeyKey))!;
    await table.delete(idKeyKey);
    const later = await process();
    expect((await ask(later, 'GET /v1/submissions/{submission}', asked)).status).toBe(404);
    const again = await ask(later, 'POST /v1/submissions', {
      claims: trader('acme'),
      headers: { 'idempotency-key': key },
      body: bodyOf(outright()),
    });
    expect(again.status).toBe(202);
    expect(again.body.submission).not.toBe(submission);
    expect(
      (await ask(later, 'GET /v1/submissions/{submission}', { ...asked, path: { submission: again.body.submission } })).body
        .state,
    ).toBe('decided');
    await table.put({ ...idKeyKey, attributes: { idKey: row.idKey! } });
  });

  test('of processes that need a key at once, all have the same', async () => {
    const row = (await table.get(idKeyKey))!;
    await table.delete(idKeyKey);
    const keys = await Promise.all(Array.from({ length: 8 }, () => readIdKey(table)));
    expect(new Set(keys.map((each) => Buffer.from(each).toString('hex'))).size).toBe(1);
    expect(keys[0]).toHaveLength(32);
    await table.put({ ...idKeyKey, attributes: { idKey: row.idKey! } });
  });

  test.each([
    '',
    'x',
    'a.b.c.d',
    `${PRODUCT}.${numberedKey(NOW)}.0123456789abcdef.00000000`,
    `__proto__.${numberedKey(NOW)}.0123456789abcdef.0`,
  ])('%j is the id of nothing', async (id) => {
    expect((await status(id)).status).toBe(404);
  });
});

describe('the caller', () => {
  test('an account that was never opened is refused, and let in as soon as it is', async () => {
    const claims = trader('late');
    const refused = await submit(bodyOf(outright()), { claims });
    expect([refused.status, codeOf(refused)]).toEqual([403, 'account-not-open']);
    expect(sent()).toEqual([]);
    expect(logger.info).toHaveBeenLastCalledWith('caller refused', expect.objectContaining({ code: 'account-not-open' }));
    await ask(operatorApi, 'POST /v1/operator/accounts', {
      claims: operator('olga'),
      body: { accounts: [{ account: 'late', name: 'Late' }] },
    });
    expect((await submit(bodyOf(outright()), { claims })).status).toBe(202);
  });

  test('a token without an account is refused', async () => {
    expect(codeOf(await submit(bodyOf(outright()), { claims: { sub: 'x' } }))).toBe('no-account');
  });

  test('no order, body or key of a request is ever logged', async () => {
    vi.mocked(logger.info).mockClear();
    vi.mocked(logger.error).mockClear();
    engine.fail('SendMessage', 5);
    await submit(bodyOf(outright({ clientOrderId: 'sealed', price: '2.345' })));
    await submit(bodyOf(outright({ clientOrderId: 'sealed', price: '2.3456' })));
    await status('sealed.2.345', { claims: trader('zeta') });
    const lines = [...vi.mocked(logger.info).mock.calls, ...vi.mocked(logger.error).mock.calls];
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.map((line) => JSON.stringify(line) + String((line[1] as { error?: Error })?.error?.stack)).join()).not.toMatch(
      /sealed|2\.345/,
    );
  });
});
