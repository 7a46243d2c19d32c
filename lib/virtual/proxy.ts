/**
 * The way between the functions and the services: every request takes a while, is put on record, and meets what the fault
 * hooks say.
 */
import type { ProxyRequest, Service, ServiceAnswer } from '../local/proxy/request.ts';
import { partly } from './partial-batch.ts';
import type { Run } from './run.ts';

/** What a service does with a request, at once. */
export type Perform = (service: Service, operation: string, body: Readonly<Record<string, unknown>>) => ServiceAnswer;

/** Gets a request that was done, also when its answer is lost. */
export type OnPerformed = (request: ProxyRequest, answer: ServiceAnswer) => void;

/** Sends a request of an environment of a function. Rejects when the connection breaks; never settles when it hangs. */
export type Send = (
  functionName: string,
  environment: number,
  service: Service,
  operation: string,
  body: string,
) => Promise<{ status: number; text: string }>;

export function startProxy(
  { faultHooks, travelAsRequest, note }: Run,
  perform: Perform,
  kill: (functionName: string, environment: number) => void,
  onPerformed: OnPerformed = () => {},
): Send {
  return (functionName, environment, service, operation, text) =>
    new Promise((resolve, reject) => {
      const request: ProxyRequest = { function: functionName, environment, service, operation, body: JSON.parse(text) };
      const fate = faultHooks.onRequest?.(request) ?? 'pass';
      note(functionName, String(environment), operation, text, typeof fate === 'object' ? 'answered' : fate);
      const answer = ({ status, body }: ServiceAnswer) => travelAsRequest(() => resolve({ status, text: JSON.stringify(body) }));
      const lose = () => travelAsRequest(() => reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })));
      if (typeof fate === 'object') return answer(fate);
      if (fate === 'kill-before') return kill(functionName, environment);
      if (fate === 'hang-before') return undefined;
      if (fate === 'drop-before') return lose();
      return travelAsRequest(() => {
        const performed = fate === 'partly' ? partly(request, perform) : perform(service, operation, request.body);
        onPerformed(request, performed);
        if (fate === 'kill-after') kill(functionName, environment);
        else if (fate === 'drop-after') lose();
        else if (fate !== 'hang-after') answer(performed);
      });
    });
}
