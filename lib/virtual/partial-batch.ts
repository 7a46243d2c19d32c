/** A batch of which the service does only a part. */
import type { ProxyRequest, Service, ServiceAnswer } from '../local/proxy/request.ts';

/** The service does part of a batch and says so. */
export function partly(
  request: ProxyRequest,
  perform: (service: Service, operation: string, body: Record<string, unknown>) => ServiceAnswer,
): ServiceAnswer {
  const { service, operation, body } = request;
  if (operation === 'SendMessageBatch') {
    const [first, ...rest] = body.Entries as { Id: string }[];
    const { Successful } = (
      rest.length > 0 ? perform(service, operation, { ...body, Entries: rest }).body : { Successful: [] }
    ) as { Successful: unknown[] };
    const Failed = [{ Id: first!.Id, Code: 'InternalError', SenderFault: false, Message: 'injected' }];
    return { status: 200, body: { Successful, Failed } };
  }
  if (operation !== 'BatchWriteItem' && operation !== 'BatchGetItem') return perform(service, operation, body);
  const [[name, given] = ['', []]] = Object.entries(body.RequestItems as Record<string, unknown[] | { Keys: unknown[] }>);
  const list = Array.isArray(given) ? given : given.Keys;
  const [undone, done] = [list.slice(0, Math.ceil(list.length / 2)), list.slice(Math.ceil(list.length / 2))];
  const of = (some: unknown[]) => ({ [name]: Array.isArray(given) ? some : { ...given, Keys: some } });
  const answer =
    done.length > 0 ? (perform(service, operation, { ...body, RequestItems: of(done) }).body as object) : { Responses: {} };
  return {
    status: 200,
    body: { ...answer, [operation === 'BatchWriteItem' ? 'UnprocessedItems' : 'UnprocessedKeys']: of(undone) },
  };
}
