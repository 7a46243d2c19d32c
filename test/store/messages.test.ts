/** Messages: one spelling, one form, and nothing of a sealed order in what is said about a wrong one. */
import { describe, expect, it, test } from 'vitest';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { MESSAGES, MessageFormatError, parseMessage } from '../../lib/store/messages.ts';
import type { QueueName } from '../../lib/store/names.ts';
import { NOW } from '../venue/requests.ts';

const SLOT = '2025-10-20T14:00:00.000Z';
const SUBMISSION = {
  v: 1,
  kind: 'submission',
  product: 'H100-SXM',
  shard: 0,
  account: 'ann',
  sender: 'desk-7',
  key: numberedKey(NOW, 1),
  digest: '0123456789abcdef',
  receivedAt: SLOT,
  instructions: 'AQA=',
};
const MARKER = { v: 1, kind: 'marker', product: 'H100-SXM', shard: 1, auction: 7, slot: SLOT };
const EXAMPLES: [queue: QueueName, message: Record<string, unknown>][] = [
  ['orders', SUBMISSION],
  ['orders', MARKER],
  ['closings', { v: 1, product: 'H100-SXM', slot: SLOT }],
  ['closings', { v: 1, product: 'H100-SXM', date: '2025-10-20' }],
  ['clearings', { v: 1, product: 'H100-SXM', auction: 7 }],
  ['postings', { v: 1, shard: 3 }],
  ['rolls', { v: 1, product: 'H100-SXM', slot: SLOT }],
  ['day-runs', { v: 1, product: 'H100-SXM' }],
  ['sweeps', { v: 1, at: SLOT }],
  ['news', { v: 1, kind: 'posted', shard: 3, after: 40, seq: 41 }],
  ['news', { v: 1, kind: 'cleared', product: 'H100-SXM', auction: 7 }],
  ['news', { v: 1, kind: 'settled', product: 'H100-SXM', date: '2025-10-20' }],
];
const parse = (queue: QueueName, message: unknown): unknown => parseMessage(queue, JSON.stringify(message));

describe.each(EXAMPLES)('a message of %s', (queue, message) => {
  it('is read as it was written', () => {
    expect(parse(queue, message)).toEqual(message);
  });

  it('is read with the hints of newer code, which may be passed over', () => {
    const hints = { by: 'next', more: [1] };
    expect(parse(queue, { ...message, hints })).toEqual({ ...message, hints });
  });

  it('is refused with any other field: what must be understood is not passed over', () => {
    expect(() => parse(queue, { ...message, priority: 1 })).toThrow(MessageFormatError);
  });

  it.each([0, 2, '1', undefined])('is refused in version %s', (v) => {
    expect(() => parse(queue, { ...message, v })).toThrow(MessageFormatError);
  });

  it.each(Object.keys(message))('is refused without its %s', (field) => {
    expect(() => parse(queue, { ...message, [field]: undefined })).toThrow(MessageFormatError);
  });
});

test('every queue has an example here', () => {
  expect(new Set(EXAMPLES.map(([queue]) => queue))).toEqual(new Set(Object.keys(MESSAGES)));
});

test.each(['2025-10-20T14:00:00Z', '2025-10-20T14:00:00.000Z', '2025-10-20T14:00:00.0Z'])(
  'a slot written %s is one slot, since it is looked up by its text',
  (slot) => {
    for (const queue of ['closings', 'rolls'] as const)
      expect(parse(queue, { v: 1, product: 'A', slot })).toMatchObject({ slot: SLOT });
    expect(parse('orders', { ...MARKER, slot })).toMatchObject({ slot: SLOT });
  },
);

test.each<[field: string, value: unknown]>([
  ['key', 'not-a-uuid'],
  ['key', '0190163d-8694-4000-8000-000000000001'],
  ['account', ''],
  ['sender', ''],
  ['sender', 'a'.repeat(256)],
  ['account', 'a'.repeat(65)],
  ['digest', 'XYZ'],
  ['product', 'h100'],
  ['shard', -1],
  ['shard', 0.5],
  ['receivedAt', '2025-10-20'],
  ['instructions', 'not base64!'],
])('a submission whose %s is %j is refused', (field, value) => {
  expect(() => parse('orders', { ...SUBMISSION, [field]: value })).toThrow(MessageFormatError);
});

test('what is said about a wrong message names the place and never what stood there', () => {
  const secret = 'buy-9999-lots';
  const wrong = { ...SUBMISSION, instructions: `${secret}!`, account: { [secret]: secret }, kind: 'submission' };
  expect(() => parse('orders', wrong)).toThrow(/^a message of orders has the wrong form: .*\$\.account/);
  for (const body of [JSON.stringify(wrong), secret, JSON.stringify({ ...MARKER, auction: secret })])
    try {
      parseMessage('orders', body);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(MessageFormatError);
      expect((error as Error).message).not.toContain(secret);
    }
});
