/** What ended in dead-letter queues, and the way back: the same messages, in order, to the queue they came from. */
import { LocalCloudError } from '../host/error.ts';
import type { Queue } from './sqs.ts';

export interface DeadLetter {
  readonly queue: string;
  readonly body: string;
  readonly group: string | undefined;
}

export function deadLettersIn(queues: ReadonlyMap<string, Queue>): DeadLetter[] {
  return [...queues.values()]
    .filter(({ plan }) => plan.deadLetters)
    .flatMap((queue) =>
      queue.peek().map(({ body, messageGroupId }) => ({ queue: queue.plan.name, body, group: messageGroupId })),
    );
}

/** Moves everything back as SQS's redrive does: as new messages of the same groups. Gives the number. */
export function redrive(queues: ReadonlyMap<string, Queue>, from: Queue): number {
  const to = [...queues.values()].find(({ plan }) => plan.attributes.RedrivePolicy?.includes(`"${from.plan.arn}"`));
  if (to === undefined)
    throw new LocalCloudError(`${from.plan.name} is not the dead-letter queue of a queue`, 'Name one that is.');
  let moved = 0;
  for (let some = from.receive(10); some.length > 0; some = from.receive(10)) {
    for (const { message, receiptHandle } of some) {
      // With an id of its own for deduplication, else it could be dropped as a repeat of its own first sending.
      to.send(message.body, {
        group: message.messageGroupId,
        deduplication: message.messageDeduplicationId && message.messageId,
      });
      from.delete(receiptHandle);
      moved++;
    }
  }
  return moved;
}
