/** A row of the sealed book: how long it stays, that it stands as it was written first, and what its seal says. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { keyDate } from '../../lib/domain/auction/idempotency-key.ts';
import { submissionKey } from '../../lib/store/keys.ts';
import { readSubmission, type Submission, sealOf, writeSubmission } from '../../lib/store/submissions.ts';
import { type Item, Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { month } from '../venue/h100.ts';
import { buy } from '../venue/orders.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
});
afterAll(() => engine.stop());

let serial = 0;
async function write(more: Partial<Submission> = {}): Promise<Submission> {
  const submission: Submission = {
    product: 'H100-SXM',
    shard: 0,
    account: 'ann',
    sender: 'desk-7',
    key: numberedKey(Date.parse('2025-10-20T14:00:00Z'), ++serial),
    digest: '0123456789abcdef',
    auction: 1,
    sequence: `${serial}`,
    decidedOn: 1,
    figures: [],
    receivedAt: '2025-10-20T14:00:00.000Z',
    instructions: [buy('a', month('2025-11'), 2400, 1)],
    outcomes: ['accepted'],
    ...more,
  };
  expect(await writeSubmission(table, submission)).toBe(true);
  return submission;
}
const rowOf = ({ product, shard, account, key }: Submission) =>
  table.get(submissionKey(product, shard, keyDate(key), account, key));

test('a submission stays in the book for four hundred days from the time in its key', async () => {
  const row = await rowOf(await write({ key: numberedKey(Date.parse('2025-10-20T14:00:00.999Z'), 1) }));
  expect(row?.expiresAt).toEqual({ N: `${Date.parse('2025-10-20T14:00:00Z') / 1000 + 400 * 86_400}` });
});

test('a key is taken for good: what is written under it first stands', async () => {
  const first = await write();
  expect(await writeSubmission(table, { ...first, digest: 'f'.repeat(16), auction: 2 })).toBe(false);
  expect(await readSubmission(table, 'H100-SXM', 0, 'ann', first.key)).toEqual(first);
});

describe('the seal of a row', () => {
  const item = async (submission: Submission): Promise<Item> => {
    const { pk, sk, ...attributes } = (await rowOf(submission))!;
    return { pk: pk!.S!, sk: sk!.S!, attributes };
  };

  it('is that of what is stored', async () => {
    const stored = await item(await write());
    expect(stored.attributes.seal?.S).toBe(sealOf(stored));
  });

  it('is another under another key: a row that is moved to another account or day is found', async () => {
    const stored = await item(await write());
    expect(sealOf({ ...stored, sk: stored.sk.replace('ann', 'bob') })).not.toBe(stored.attributes.seal?.S);
    expect(sealOf({ ...stored, pk: stored.pk.replace('2025-10-20', '2025-10-21') })).not.toBe(stored.attributes.seal?.S);
  });

  it.each(['auction', 'sequence', 'digest', 'receivedAt', 'instructions', 'outcomes', 'expiresAt'])(
    'is another without its %s',
    async (name) => {
      const stored = await item(await write());
      const { [name]: _, ...rest } = stored.attributes;
      expect(sealOf({ ...stored, attributes: rest })).not.toBe(stored.attributes.seal?.S);
    },
  );

  it.each<[name: string, changed: AttributeValue]>([
    ['auction', { N: '2' }],
    ['sequence', { S: '0' }],
    ['instructions', { B: new Uint8Array([1, 0]) }],
    ['outcomes', { B: new Uint8Array([1, 1, 1]) }],
    ['expiresAt', { N: '0' }],
  ])('is another with another %s', async (name, changed) => {
    const stored = await item(await write());
    const attributes = { ...stored.attributes, [name]: changed };
    expect(sealOf({ ...stored, attributes })).not.toBe(stored.attributes.seal?.S);
  });

  it('does not depend on the order in which attributes come', async () => {
    const stored = await item(await write());
    const turned = Object.fromEntries(Object.entries(stored.attributes).reverse());
    expect(sealOf({ ...stored, attributes: turned })).toBe(sealOf(stored));
  });
});
