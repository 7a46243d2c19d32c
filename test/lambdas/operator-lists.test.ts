/** Files of accounts, cash and index values: tried before they are done, and each row of what is held answered for itself. */
import { beforeAll, describe, expect, test } from 'vitest';
import { handler } from '../../lambdas/operator-api/index.ts';
import { addDays } from '../../lib/domain/contract/calendar.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { type ApiVenue, openApiVenue } from '../venue/api-venue.ts';
import { on, PRODUCT } from '../venue/h100.ts';
import { ask, codeOf, operator } from '../venue/requests.ts';

let venue: ApiVenue;
beforeAll(async () => {
  venue = await openApiVenue({ shards: 2 });
});

const WRITES = /^(Put|Update|Transact|Delete|BatchWrite|Send)/;
const dry = { dryRun: 'true' };
const open = (accounts: unknown, query = {}) =>
  ask(handler, 'POST /v1/operator/accounts', { claims: operator('olga'), query, body: { accounts } });
const move = (movements: unknown, query = {}) =>
  ask(handler, 'POST /v1/operator/cash-movements', { claims: operator('olga'), query, body: { movements } });

/** What an answer is, without anything being written or sent. */
async function unchanged<Answer>(asked: () => Promise<Answer>): Promise<Answer> {
  venue.engine.requests.length = 0;
  const answer = await asked();
  expect(venue.engine.requests.filter((name) => WRITES.test(name))).toEqual([]);
  return answer;
}

describe('a dry run says what would be done and changes nothing:', () => {
  test('accounts of new owners, some of them open already', async () => {
    const list = [
      { account: 'acme', name: 'acme' },
      { account: 'nova', name: 'Nova' },
    ];
    const tried = await unchanged(() => open(list, dry));
    expect([tried.status, tried.body]).toEqual([
      200,
      {
        accounts: [
          { ...list[0], seq: expect.any(Number), repeated: true },
          { ...list[1], repeated: false },
        ],
        dryRun: true,
        secondOperator: false,
      },
    ]);
    const done = await open(list);
    expect([done.status, done.body.accounts[1]]).toEqual([
      201,
      { ...list[1], seq: (await loadVenue(venue.table)).seq, repeated: false },
    ]);
    expect((await unchanged(() => open(list, dry))).body.accounts[1].repeated).toBe(true);
  });

  test('an account of an owner that is there would be held', async () => {
    const tried = await unchanged(() => open([{ account: 'acme.desk', name: 'Desk' }], dry));
    expect(tried.body).toMatchObject({ dryRun: true, secondOperator: true });
  });

  test.each([
    ['150000.00', true],
    ['100000.00', false],
  ])('cash of %s would be held: %s', async (amount, secondOperator) => {
    const tried = await unchanged(() => move([{ account: 'acme', reference: `try-${amount}`, amount }], dry));
    expect(tried.body).toEqual({
      movements: [{ account: 'acme', reference: `try-${amount}`, amount, repeated: false }],
      dryRun: true,
      secondOperator,
    });
  });

  test('and is refused by the same rules', async () => {
    const [same, body] = [
      { account: 'acme', name: 'Another' },
      { account: 'nobody', reference: 'x', amount: '1.00' },
    ];
    for (const query of [{}, dry]) {
      expect(codeOf(await unchanged(() => open([same], query)))).toBe('account-exists');
      expect(codeOf(await unchanged(() => open([{ account: 'gone.desk', name: 'x' }], query)))).toBe('unknown-account');
      expect(codeOf(await unchanged(() => move([body], query)))).toBe('unknown-account');
      const more = [{ account: 'zeta', reference: 'out', amount: '-1.00' }];
      expect(codeOf(await unchanged(() => move(more, query)))).toBe('below-requirement');
      expect(codeOf(await unchanged(() => open('none', query)))).toBe('invalid-body');
    }
    expect(codeOf(await open([same], { dryRun: 'false' }))).toBe('invalid-request');
  });

  test('a file of as many accounts as one request may carry is tried, and then opened', async () => {
    const many = Array.from({ length: 98 }, (_, at) => ({ account: `file-${at}`, name: `File ${at}` }));
    expect((await unchanged(() => open(many, dry))).status).toBe(200);
    expect((await open(many)).status).toBe(201);
    expect((await open(many)).status).toBe(200);
  });
});

describe('a file of index values', () => {
  const put = (values: unknown, sub = 'olga') =>
    ask(handler, 'POST /v1/operator/index/{product}', { claims: operator(sub), path: { product: PRODUCT }, body: { values } });
  const approve = (held: string) =>
    ask(handler, 'POST /v1/operator/held/{held}/approve', { claims: operator('oscar'), path: { held }, body: { revision: 1 } });
  const heldId = (date: string) => `index.${PRODUCT}.${date}`;
  const outcomes = ({ body }: { body: { values: { outcome: string; code?: string }[] } }) =>
    body.values.map(({ outcome, code }) => code ?? outcome);

  test('is held value by value, and what a second operator approves is published', async () => {
    const values = [
      { date: '2025-10-01', value: '2.41' },
      { date: '2025-10-02', value: '2.42' },
    ];
    const first = await put(values);
    expect([first.status, first.body.values]).toEqual([
      200,
      values.map(({ date }) => ({
        date,
        outcome: 'held',
        held: heldId(date),
        revision: 1,
        approve: `/v1/operator/held/${heldId(date)}/approve`,
      })),
    ]);
    expect(await put(values)).toMatchObject({ status: 200, body: first.body });
    expect((await approve(heldId('2025-10-01'))).status).toBe(200);
    expect(outcomes(await put(values))).toEqual(['published', 'held']);
    const others = values.map((each) => ({ ...each, value: '2.5' }));
    expect(outcomes(await put(others))).toEqual(['index-published', 'another-held']);
  });

  test.each<[string, unknown, string]>([
    ['a date twice', [0, 0].map(() => ({ date: '2025-10-03', value: '2.4' })), '$.values[1].date'],
    ['a date in the future', [{ date: '2025-10-21', value: '2.4' }], '$.values[0].date'],
    ['no date', [{ date: '2025-02-30', value: '2.4' }], '$.values[0].date'],
    ['too many decimals', [{ date: '2025-10-03', value: '2.41234567' }], '$.values[0].value'],
    ['no value', [], '$.values'],
    [
      'more than ninety-eight',
      Array.from({ length: 99 }, (_, at) => ({ date: addDays(on('2025-01-01'), at), value: '2' })),
      '$.values',
    ],
  ])('with %s is refused whole', async (_, values, path) => {
    const answer = await unchanged(() => put(values));
    expect([answer.status, answer.body.errors[0].path]).toEqual([422, path]);
  });

  test('beyond what an operator may have waiting has its rows refused, and the others are held', async () => {
    const values = Array.from({ length: 52 }, (_, at) => ({ date: addDays(on('2025-03-01'), at), value: '2.4' }));
    const found = outcomes(await put(values, 'ada'));
    expect(found).toEqual([...Array(50).fill('held'), 'too-many-held', 'too-many-held']);
  });

  test('of a product that is not listed is not found', async () => {
    const values = [{ date: '2025-10-03', value: '2.4' }];
    const path = { product: 'A100' };
    const answer = await ask(handler, 'POST /v1/operator/index/{product}', { claims: operator('olga'), path, body: { values } });
    expect(answer.status).toBe(404);
  });
});
