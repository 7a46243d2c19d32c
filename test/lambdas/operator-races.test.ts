/** Two operators at once, an operator whose request failed half-way, and the days that index values may be of. */
import { describe, expect, test } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import { handler } from '../../lambdas/operator-api/index.ts';
import { type Held, propose, SYSTEM } from '../../lib/domain/clearing/approval.ts';
import { ticks } from '../../lib/domain/contract/units.ts';
import { hold, readHeld } from '../../lib/store/held.ts';
import { HELD_PARTITION } from '../../lib/store/keys.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { openApiVenue } from '../venue/api-venue.ts';
import { month, on, PRODUCT } from '../venue/h100.ts';
import { type Answered, ask, codeOf, operator } from '../venue/requests.ts';

const { engine, table } = await openApiVenue({ shards: 2 });

const approve = (held: string, revision: number, sub: string): Promise<Answered> =>
  ask(handler, 'POST /v1/operator/held/{held}/approve', { path: { held }, body: { revision }, claims: operator(sub) });
const amend = (held: string, body: unknown, sub: string): Promise<Answered> =>
  ask(handler, 'POST /v1/operator/held/{held}/amend', { path: { held }, body, claims: operator(sub) });
const putIndex = (date: string, value: string): Promise<Answered> =>
  ask(handler, 'PUT /v1/operator/index/{product}/{date}', {
    path: { product: PRODUCT, date },
    body: { value },
    claims: operator('olga'),
  });

/** A final settlement price that the system holds. */
async function held(id: string): Promise<Held> {
  const proposal = { kind: 'final-price', month: month('2025-10'), price: ticks(2400) } as const;
  const made = { ...propose(PRODUCT, on('2025-10-31'), proposal, [], SYSTEM), id };
  await hold(table, made);
  return made;
}

/** Lets another request be worked, whole, when the next one has decided and is about to write what is held. */
function overtakenBy(other: () => Promise<Answered>): void {
  const { table: own } = openBackends();
  const createTogether = own.createTogether.bind(own);
  own.createTogether = async (...given) => {
    if (given[1]?.[0]?.item.pk !== HELD_PARTITION) return createTogether(...given);
    own.createTogether = createTogether;
    expect((await other()).status).toBe(200);
    return createTogether(...given);
  };
}

describe('two operators at once, with the same revision before them:', () => {
  test('an approval behind an amendment is refused and approves nothing', async () => {
    const { id } = await held('final-price.a');
    overtakenBy(() => amend(id, { revision: 1, price: '9.000' }, 'oda'));
    const late = await approve(id, 1, 'oscar');
    expect([late.status, codeOf(late)]).toEqual([409, 'version-conflict']);
    expect(await readHeld(table, id)).toMatchObject({ proposedBy: 'oda', approvals: ['oda'], revision: 2 });
  });

  test('an amendment behind an approval is refused and amends nothing', async () => {
    const { id, proposal } = await held('final-price.b');
    overtakenBy(() => approve(id, 1, 'oda'));
    const late = await amend(id, { revision: 1, price: '9.000' }, 'oscar');
    expect([late.status, codeOf(late)]).toEqual([409, 'version-conflict']);
    expect(await readHeld(table, id)).toMatchObject({ proposal, approvals: ['oda'], revision: 2 });
  });
});

test('an approval that failed before the day run was told takes effect when it is sent again', async () => {
  const { id } = await held('final-price.c');
  await approve(id, 1, 'oda');
  engine.fail('SendMessage', 5);
  expect((await approve(id, 2, 'oscar')).status).toBe(503);
  expect(engine.messages('day-runs')).toEqual([]);
  engine.fail('SendMessage', 0);
  expect(await approve(id, 2, 'oscar')).toMatchObject({ status: 200, body: { approved: true } });
  expect(engine.messages('day-runs')).toEqual([{ v: 1, product: PRODUCT }]);
});

test.each([16, 64])('%i operators that append to the log at once are all answered, and each event stands once', async (count) => {
  const before = (await loadVenue(table)).seq;
  const calls = Array.from({ length: count }, (_, at) =>
    ask(handler, 'POST /v1/operator/accounts', {
      claims: operator(`op-${at}`),
      body: { accounts: [{ account: `at-once-${count}-${at}`, name: 'x' }] },
    }),
  );
  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: count }, () => 201));
  const seqs = answers.map(({ body }) => body.accounts[0].seq as number);
  expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, at) => before + 1 + at));
});

describe('an index value', () => {
  test('of today is taken today, and one of tomorrow is refused', async () => {
    expect((await putIndex('2025-10-20', '2.400')).status).toBe(202);
    expect((await putIndex('2025-10-21', '2.400')).status).toBe(400);
  });

  test('of a day that was missed is judged by the value before it, not by one after it', async () => {
    const reasonsOf = async (date: string, value: string) => {
      const { held, revision } = (await putIndex(date, value)).body;
      const { items } = (await ask(handler, 'GET /v1/operator/held', { claims: operator('olga') })).body;
      await approve(held, revision, 'oscar');
      return items.find((each: { held: string }) => each.held === held).reasons.length;
    };
    expect(await reasonsOf('2025-10-07', '2.400')).toBe(0);
    expect(await reasonsOf('2025-10-01', '3.000')).toBe(0);
    // A quarter above the value before it, and half above those of later days.
    expect(await reasonsOf('2025-10-02', '3.700')).toBe(0);
    // A third below the value before it, and that of the week after.
    expect(await reasonsOf('2025-10-03', '2.400')).toBe(1);
  });
});
