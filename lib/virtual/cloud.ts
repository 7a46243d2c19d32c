/**
 * The virtual cloud: the synthesized template in one thread and on one line of machine time. The functions are the
 * project's own; table and queues are models that do the worst their services may do; who asks, what is late, lost, repeated
 * or dies is decided by a seed. So a whole trading day takes a fraction of a second, and the same seed is the same day to the
 * last request.
 */
import { createHash } from 'node:crypto';
import { type Clock, frozenClock } from '../local/host/clock.ts';
import { random } from '../local/host/random.ts';
import type { ProxyRequest, Service } from '../local/proxy/request.ts';
import { type Firing, startSchedules } from '../local/scheduler/scheduler.ts';
import type { DeadLetter } from '../local/sqs/dead-letters.ts';
import { readAssembly } from '../local/template/assembly.ts';
import { type Plan, planOf } from '../local/template/plan.ts';
import { type Ask, gatewayOf } from './api-gateway.ts';
import { compileFunctions, setHost } from './code.ts';
import { type Answer, VirtualTable } from './dynamodb.ts';
import { sourceOf } from './event-source.ts';
import type { FaultHooks } from './fault-hooks.ts';
import { type Environments, environmentsOf } from './lambda.ts';
import { partly } from './partial-batch.ts';
import { VirtualQueue } from './sqs.ts';
import { startTimeline, type Timeline } from './timeline.ts';

export interface VirtualCloudOptions {
  readonly assembly: string;
  readonly start: number;
  /** A directory like `lambdas/`, to run other code than this tree's. */
  readonly sources?: string | undefined;
  /** Of delays and orders: what may always happen. */
  readonly seed: number;
  /** What should not happen, and does. */
  readonly faultHooks?: FaultHooks;
  /** Calls of a test: every line a function prints. */
  readonly onOutput?: (functionName: string, text: string) => void;
}

export interface VirtualCloud {
  readonly clock: Clock;
  readonly tableName: string;
  readonly timeline: Timeline;
  advanceTo(instant: number | string): Promise<readonly Firing[]>;
  /** Resolves when nothing is pending; rejects when that takes too long. */
  quiet(): Promise<void>;
  deadLetters(): readonly DeadLetter[];
  send(queue: string, body: string, options?: { group?: string; deduplication?: string }): void;
  /** Asks the API as the bearer of these claims. Rejects when the answer is lost. */
  readonly ask: Ask;
  /** The table for somebody outside, undisturbed. */
  table(operation: string, body: Readonly<Record<string, unknown>>): Answer;
  /** How many requests and deliveries there were, and a hash of all of them in order. */
  trace(): { readonly steps: number; readonly hash: string };
}

const STEPS_MAX = 400_000;

export function startVirtualCloud({
  assembly: directory,
  start,
  seed,
  faultHooks = {},
  onOutput,
  sources,
}: VirtualCloudOptions): VirtualCloud {
  process.env.TZ = 'UTC';
  const assembly = readAssembly(directory);
  const plan = planOf(assembly, { queueUrl: (name) => `http://sqs.virtual/000000000000/${name}`, apiUrl: 'http://api.virtual' });
  const clock = frozenClock(start);
  const timeline = startTimeline();
  const chance = random(seed, 'delays');
  const fraction = () => chance.between(0, 2 ** 30 - 1) / 2 ** 30;
  const hash = createHash('sha256');
  let steps = 0;
  const note = (...what: string[]) => {
    steps++;
    hash.update(`${timeline.now()} ${what.join(' ')}\n`);
  };
  /** On the way somewhere: mostly quick, now and then slow. */
  const travel = (call: () => void) =>
    timeline.after(chance.chance(2) ? chance.between(100, 3_000) : chance.between(1, 20), call);

  const [tablePlan] = plan.tables;
  const table = new VirtualTable(tablePlan!, {
    now: timeline.now,
    ...(faultHooks.isStale ? { isStale: faultHooks.isStale } : {}),
  });
  const pollers = new Map<string, () => void>();
  let messages = 0;
  const queues = new Map<string, VirtualQueue>();
  for (const queue of plan.queues) {
    const deadLetters = plan.queues.find(({ arn }) => queue.attributes.RedrivePolicy?.includes(`"${arn}"`));
    queues.set(
      queue.name,
      new VirtualQueue(queue, {
        clock,
        timeline,
        next: () => ++messages,
        onArrival: () => pollers.get(queue.name)?.(),
        deadLetters: () => deadLetters && queues.get(deadLetters.name),
        shuffled: (all) => shuffle(all, chance.between),
      }),
    );
  }

  const functions = new Map<string, Environments>();
  const code = codeOf(plan, sources);
  setHost({ now: clock.now, after: timeline.after, random: fraction, output: (text) => onOutput?.('a library', text) });
  const perform = (service: Service, operation: string, body: Record<string, unknown>): Answer =>
    service === 'dynamodb'
      ? table.request(operation, body)
      : queues.get(String(body.QueueUrl).split('/').at(-1)!)!.request(operation, body);
  for (const one of plan.functions) {
    functions.set(
      one.name,
      environmentsOf(one, {
        code: code.get(one.name)!,
        timeline,
        random: fraction,
        clockOf: (environment) => {
          const skew = faultHooks.skewMs?.(one.name, environment) ?? 0;
          return () => clock.now() + skew;
        },
        output: (text) => onOutput?.(one.name, text),
        request: (environment, service, operation, text) =>
          new Promise((resolve, reject) => {
            const request: ProxyRequest = { function: one.name, environment, service, operation, body: JSON.parse(text) };
            const fate = faultHooks.onRequest?.(request) ?? 'pass';
            note(one.name, String(environment), operation, text, typeof fate === 'object' ? 'answered' : fate);
            const answer = ({ status, body }: Answer) => travel(() => resolve({ status, text: JSON.stringify(body) }));
            const lose = () => travel(() => reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })));
            const kill = () => functions.get(one.name)!.kill(environment);
            if (typeof fate === 'object') return answer(fate);
            if (fate === 'kill-before') return kill();
            if (fate === 'hang-before') return undefined;
            if (fate === 'drop-before') return lose();
            return travel(() => {
              const performed = fate === 'partly' ? partly(request, perform) : perform(service, operation, request.body);
              if (fate === 'kill-after') kill();
              else if (fate === 'drop-after') lose();
              else if (fate !== 'hang-after') answer(performed);
            });
          }),
      }),
    );
  }
  for (const mapping of plan.mappings) {
    const invoke = (event: object) => functions.get(mapping.function)!.invoke(event);
    pollers.set(
      mapping.queue,
      sourceOf(mapping, queues.get(mapping.queue)!, invoke, { faultHooks, travel, note, between: chance.between }),
    );
  }

  const quiet = async () => {
    await timeline.idle(STEPS_MAX);
    const left = [...queues.values()].filter((queue) => !queue.plan.deadLetters && queue.peek().length > 0);
    if (left.length > 0) throw new Error(`nothing goes on and ${left.map(({ plan: { name } }) => name).join()} is not empty`);
  };
  const schedules = startSchedules(plan.schedules, {
    clock,
    queueOf: (name) => ({ send: (body, options) => void travel(() => queues.get(name)!.send(body, options)) }),
    fault: faultHooks.onFiring,
    firedUntilMs: undefined,
    onFiredUntil: () => {},
    afterFiring: quiet,
    onSkipped: () => {},
    onError: (error) => {
      throw error;
    },
  });
  const ask = gatewayOf(plan, functions, { clock, timeline, faultHooks, travel });
  return {
    clock,
    timeline,
    tableName: tablePlan!.name,
    advanceTo: schedules.advanceTo,
    quiet,
    ask,
    send: (queue, body, options) => void queues.get(queue)!.send(body, options),
    table: (operation, body) => table.request(operation, body),
    deadLetters: () =>
      [...queues.values()]
        .filter((queue) => queue.plan.deadLetters)
        .flatMap((queue) => queue.peek().map(({ body, group }) => ({ queue: queue.plan.name, body, group }))),
    trace: () => ({ steps, hash: hash.copy().digest('hex') }),
  };
}

const compiled = new Map<string | undefined, ReturnType<typeof compileFunctions>>();
/** Compiled once a process and directory. */
function codeOf({ functions }: Plan, sources: string | undefined) {
  let code = compiled.get(sources);
  if (!code) {
    code = compileFunctions(
      functions.map(({ name }) => name),
      sources,
    );
    compiled.set(sources, code);
  }
  return code;
}

function shuffle<T>(all: T[], between: (low: number, high: number) => number): T[] {
  const shuffled = [...all];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = between(0, at);
    [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
  }
  return shuffled;
}
