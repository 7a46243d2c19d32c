/** What goes wrong in a test, set and taken away while the venue runs, and the requests that it is done to. */
import type { MessageHook } from '../../lib/local/lambda/event-source.ts';
import type { ProxyAction } from '../../lib/local/proxy/proxy.ts';
import type { ProxyRequest } from '../../lib/local/proxy/request.ts';
import type { FiringHook } from '../../lib/local/scheduler/scheduler.ts';
import type { FunctionName } from '../../lib/store/names.ts';

/** What goes wrong just now; nothing where nothing is set. */
export interface Faults {
  proxy: ((request: ProxyRequest) => ProxyAction | Promise<ProxyAction> | undefined) | undefined;
  messages: MessageHook | undefined;
  firings: FiringHook | undefined;
}

/** What a write or send is about, without what differs from one to the next, such as `PutItem LOG` or `SendMessage clearings`. */
export function kindOf({ service, operation, body }: ProxyRequest): string {
  if (service === 'sqs') return `${operation} ${String(body.QueueUrl).split('/').at(-1)}`;
  const text = JSON.stringify(body);
  const [, partition = ''] = /"pk":\{"S":"([^"#]*)/.exec(text) ?? [];
  const [, sort = ''] = /"sk":\{"S":"([A-Z]+)/.exec(text) ?? [];
  return `${operation} ${partition} ${sort}`.trim();
}

const READS = new Set(['GetItem', 'BatchGetItem', 'Query']);
export const writes = ({ operation }: ProxyRequest): boolean => !READS.has(operation);

/** Holds every such request of a function, unanswered, until it is released. `reached` resolves with the first of them. */
export function holdAt(
  { faults }: { faults: Faults },
  name: FunctionName,
  kind: string,
): { reached: Promise<void>; release: () => void } {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  faults.proxy = async (request): Promise<ProxyAction> => {
    if (request.function === name && kindOf(request) === kind) {
      reached.resolve();
      await released.promise;
    }
    return 'pass';
  };
  return { reached: reached.promise, release: released.resolve };
}
