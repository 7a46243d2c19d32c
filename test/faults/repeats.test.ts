/**
 * Every message is delivered twice, the second time late and out of order: whatever the functions have sent, and whatever the
 * schedules have, comes again after everything else is done. Nothing may change.
 */
import { describe, expect, it } from 'vitest';
import { EXPIRY, play, ROLL } from '../../lib/faults/scripted-market.ts';
import { openVirtualMarket } from '../../lib/faults/virtual-market.ts';
import type { ProxyRequest } from '../../lib/local/proxy/request.ts';
import { QUEUES } from '../../lib/store/names.ts';

interface Sent {
  readonly queue: string;
  readonly body: string;
  readonly group: string | undefined;
}

/** The messages a request to SQS carries. */
function sentBy({ service, body }: ProxyRequest): Sent[] {
  if (service !== 'sqs') return [];
  const queue = String(body.QueueUrl).split('/').at(-1)!;
  return ((body.Entries ?? [body]) as { MessageBody: string; MessageGroupId?: string }[]).map(
    ({ MessageBody, MessageGroupId }) => ({
      queue,
      body: MessageBody,
      group: MessageGroupId,
    }),
  );
}

describe('messages that come again', () => {
  it.each(Object.entries({ EXPIRY, ROLL }))('change nothing, late and in any order: %s', async (_, script) => {
    let undisturbed = '';
    {
      const market = openVirtualMarket(script);
      await play(market, script);
      undisturbed = (await market.audit()).stateHash;
    }
    const sent: Sent[] = [];
    const onRequest = (request: ProxyRequest) => {
      sent.push(...sentBy(request));
      return 'pass' as const;
    };
    const market = openVirtualMarket(script, { faultHooks: { onRequest } });
    let repeats = 0;
    const queues = new Set<string>();
    await play(market, script, async () => {
      // Backwards, so that a repeat is also out of order.
      const again = sent.splice(0).reverse();
      for (const { queue, body, group } of again) {
        market.cloud.send(queue, body, group === undefined ? {} : { group, deduplication: `again.${++repeats}` });
        queues.add(queue);
      }
      await market.cloud.quiet();
      sent.length = 0;
    });
    expect([...queues].sort()).toEqual(
      Object.values(QUEUES)
        .map(({ name }) => name)
        // Schedules fill these two; functions send to `rolls` only after something was lost.
        .filter((name) => name !== 'rolls' && name !== 'sweeps')
        .sort(),
    );
    expect(market.cloud.deadLetters()).toEqual([]);
    const audit = await market.audit();
    expect(audit.differences).toEqual([]);
    expect(audit.stateHash).toBe(undisturbed);
  });
});
