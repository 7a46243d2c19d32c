/** What a participant is answered: to a repeat, about a cancel that waits, and that no proxy may keep any of it. */
import { describe, expect, test, vi } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import { handler } from '../../lambdas/participant-api/index.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import type { Outcome } from '../../lib/domain/auction/orders.ts';
import { parseMessage, type SubmissionMessage } from '../../lib/store/messages.ts';
import { unpackInstructions } from '../../lib/store/packing.ts';
import { writeSubmission } from '../../lib/store/submissions.ts';
import { openApiVenue } from '../venue/api-venue.ts';
import { PRODUCT } from '../venue/h100.ts';
import { type Answered, ask, codeOf, NOW, trader } from '../venue/requests.ts';

const { engine, table } = await openApiVenue({ shards: 2 });

let serial = 0;
const newKey = (at = NOW): string => numberedKey(at, ++serial);

const CANCEL = { product: PRODUCT, orders: [{ cancel: 'a' }] };
const submit = (key: string, at = NOW): Promise<Answered> =>
  ask(handler, 'POST /v1/submissions', { claims: trader('acme'), headers: { 'idempotency-key': key }, body: CANCEL, at });
const status = (submission: string): Promise<Answered> =>
  ask(handler, 'GET /v1/submissions/{submission}', { claims: trader('acme'), path: { submission } });

/** What accept does with the message that waits, when it comes to these outcomes. */
async function accept(...outcomes: Outcome[]): Promise<void> {
  const [message] = engine.messages('orders');
  const { instructions, ...rest } = parseMessage('orders', JSON.stringify(message)) as SubmissionMessage;
  const unpacked = unpackInstructions(Buffer.from(instructions, 'base64'));
  await writeSubmission(table, {
    ...rest,
    auction: 1,
    sequence: '1',
    decidedOn: 1,
    figures: [],
    instructions: unpacked,
    outcomes,
  });
}

describe('a submission that is sent again', () => {
  test('is sent on again while it is not in the book, and not once it is', async () => {
    const sent = vi.spyOn(openBackends().queues, 'submit');
    const key = newKey();
    const first = await submit(key);
    expect((await submit(key)).body).toEqual(first.body);
    expect(sent).toHaveBeenCalledTimes(2);
    await accept('accepted');
    expect((await submit(key, NOW + 2_000)).body).toEqual(first.body);
    expect(sent).toHaveBeenCalledTimes(2);
    sent.mockRestore();
  });

  test('under a key that is too old is looked for a second time, in what was written until now', async () => {
    const read = vi.spyOn(openBackends().table, 'get');
    const stale = await submit(newKey(NOW - 3_600_000));
    expect([stale.status, codeOf(stale)]).toEqual([422, 'idempotency-key-stale']);
    const looks = read.mock.calls.filter(([{ pk }]) => pk.startsWith('BOOK#')).map(([, consistent]) => consistent);
    read.mockRestore();
    expect(looks).toEqual([false, true]);
  });
});

test.each<[outcome: Outcome, shown: object]>([
  ['accepted', { outcome: 'accepted' }],
  ['deferred', { outcome: 'deferred' }],
  ['unknown-order', { outcome: 'refused', reason: 'unknown-order' }],
  ['auction-closed', { outcome: 'refused', reason: 'auction-closed' }],
])('an instruction whose outcome is %s is shown as %j', async (outcome, shown) => {
  const { body } = await submit(newKey());
  expect((await status(body.submission)).body).toMatchObject({ state: 'queued', orders: [] });
  await accept(outcome);
  expect((await status(body.submission)).body.orders).toEqual([{ cancel: 'a', ...shown }]);
});

test('only a cache of the caller itself may keep an answer, and it asks each time', async () => {
  const answers = [
    await ask(handler, 'GET /v1/orders', { claims: trader('acme') }),
    await ask(handler, 'GET /v1/orders', {}),
    await ask(handler, 'GET /v1/nothing', { claims: trader('acme') }),
    await submit(newKey()),
  ];
  expect(answers.map((answer) => answer.status)).toEqual([200, 403, 404, 202]);
  const keep = answers.map(({ headers }) => headers['cache-control']);
  expect(keep).toEqual(['private, no-cache', 'no-store', 'no-store', 'no-store']);
});
