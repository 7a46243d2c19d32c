/**
 * The virtual cloud: the synthesized template in one thread and on one line of machine time. The functions are the
 * project's own; table and queues are models that do the worst their services may do; who asks, what is late, lost, repeated
 * or dies is decided by a seed. So a whole trading day takes a fraction of a second, and the same seed is the same day to the
 * last request.
 */
import { createHash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { LOCAL_REGION, readAssembly } from '../assembly.ts';
import { failedIds } from '../batch-response.ts';
import { type Clock, frozenClock } from '../clock.ts';
import type { DeadLetter } from '../dead-letters.ts';
import { answerFrom, eventOf, INTERNAL, refusal, UNAVAILABLE } from '../payload.ts';
import { type MappingPlan, type Plan, planOf } from '../plan.ts';
import { routerOf } from '../router.ts';
import { type Firing, type FiringHook, startSchedules } from '../schedules.ts';
import type { Answer as HttpAnswer } from '../simulation/client.ts';
import { random } from '../simulation/random.ts';
import type { Service, WireRequest } from '../wire.ts';
import { compileFunctions, enterWorld } from './code.ts';
import { type Environments, environmentsOf } from './environment.ts';
import { type Message, VirtualQueue } from './queue.ts';
import { type Answer, VirtualTable } from './table.ts';
import { startTimeline, type Timeline } from './timeline.ts';

/**
 * What becomes of a request: lost before or after it took effect; the worker that sent it dies before or after; its answer
 * never comes, before or after it took effect, until the function's time is out; some of a batch is left undone; or another
 * answer than the service's.
 */
export type Fate =
  | 'pass'
  | 'drop-before'
  | 'drop-after'
  | 'kill-before'
  | 'kill-after'
  | 'hang-before'
  | 'hang-after'
  | 'partly'
  | { readonly status: number; readonly body: unknown };

/**
 * What becomes of a received message: it does not reach its function this time; it is worked and comes again because its
 * deletion is lost; it is given to two workers at once (no FIFO queue does that); it is lost for good, which is only fair to bells.
 */
export type DeliveryFate = 'late' | 'again' | 'double' | 'lost' | undefined;

export interface Misfortune {
  readonly onRequest?: (request: WireRequest) => Fate;
  readonly onDelivery?: (queue: string, body: string) => DeliveryFate;
  readonly onFiring?: FiringHook;
  /** Whether the gateway's answer to a caller is lost. */
  readonly onAnswer?: (method: string, path: string) => boolean;
  /** Whether a read that does not ask for consistency is behind. */
  readonly isStale?: () => boolean;
  /** How far an environment's wall clock is off, in milliseconds. */
  readonly skewMs?: (functionName: string, environment: number) => number;
}

export interface VirtualCloudOptions {
  readonly assembly: string;
  readonly start: number;
  /** A directory like `lambdas/`, to run other code than this tree's. */
  readonly sources?: string | undefined;
  /** Of delays and orders: what may always happen. */
  readonly seed: number;
  /** What should not happen, and does. */
  readonly misfortune?: Misfortune;
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
  ask(claims: Readonly<Record<string, string>>, method: string, path: string, body?: unknown, key?: string): Promise<HttpAnswer>;
  /** The table for somebody outside, undisturbed. */
  table(operation: string, body: Readonly<Record<string, unknown>>): Answer;
  /** How many requests and deliveries there were, and a hash of all of them in order. */
  trace(): { readonly steps: number; readonly hash: string };
}

const STEPS_MAX = 400_000;
const BATCHES_MAX = 3;
const GATEWAY_MS_MAX = 30_000;

export function startVirtualCloud({
  assembly: directory,
  start,
  seed,
  misfortune = {},
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
    ...(misfortune.isStale ? { isStale: misfortune.isStale } : {}),
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
  enterWorld({ now: clock.now, after: timeline.after, random: fraction, output: (text) => onOutput?.('a library', text) });
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
          const skew = misfortune.skewMs?.(one.name, environment) ?? 0;
          return () => clock.now() + skew;
        },
        output: (text) => onOutput?.(one.name, text),
        request: (environment, service, operation, text) =>
          new Promise((resolve, reject) => {
            const request: WireRequest = { function: one.name, environment, service, operation, body: JSON.parse(text) };
            const fate = misfortune.onRequest?.(request) ?? 'pass';
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
      sourceOf(mapping, queues.get(mapping.queue)!, invoke, { misfortune, travel, note, between: chance.between }),
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
    fault: misfortune.onFiring,
    firedUntilMs: undefined,
    onFiredUntil: () => {},
    afterFiring: quiet,
    onSkipped: () => {},
    onError: (error) => {
      throw error;
    },
  });
  const ask = gatewayOf(plan, functions, { clock, timeline, misfortune, travel });
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

interface Ways {
  readonly misfortune: Misfortune;
  readonly travel: (call: () => void) => void;
  readonly note: (...what: string[]) => void;
  readonly between: (low: number, high: number) => number;
}

/** Brings a queue's messages to its function: batches of any size up to the template's, of one FIFO group or several. */
function sourceOf(
  mapping: MappingPlan,
  queue: VirtualQueue,
  invoke: (event: object) => Promise<unknown>,
  { misfortune, travel, note, between }: Ways,
): () => void {
  const batchesMax = Math.min(mapping.maximumConcurrency ?? BATCHES_MAX, BATCHES_MAX);
  let batches = 0;
  let looking = false;

  const look = () => {
    if (looking) return;
    looking = true;
    travel(() => {
      looking = false;
      if (batches >= batchesMax) return;
      const received = queue.receive(between(1, mapping.batchSize));
      if (received.length === 0) return;
      void work(received);
      look();
    });
  };
  const work = async (received: readonly Message[]) => {
    batches++;
    const fates = fatesOf(received);
    const lost = received.filter((message) => fates.get(message) === 'lost');
    for (const message of lost) queue.delete(message);
    const given = received.filter((message) => fates.get(message) !== 'late' && fates.get(message) !== 'lost');
    const doubled = given.filter((message) => fates.get(message) === 'double');
    note(queue.plan.name, ...received.map((message) => `${message.id}:${fates.get(message) ?? ''}`));
    const [failed] = await Promise.all([deliver(given), deliver(doubled)]);
    for (const message of received) {
      const fate = fates.get(message);
      if (fate === 'lost') continue;
      if (fate === 'late' || fate === 'again' || failed.has(message.id)) queue.returnLater(message);
      else queue.delete(message);
    }
    batches--;
    look();
  };
  const fatesOf = (received: readonly Message[]): Map<Message, DeliveryFate> => {
    const fates = new Map<Message, DeliveryFate>();
    const late = new Set<string>();
    for (const message of received) {
      // What follows a late one of its group is late as well.
      const fate = late.has(message.group ?? '') ? 'late' : misfortune.onDelivery?.(queue.plan.name, message.body);
      if (fate === 'late' && message.group !== undefined) late.add(message.group);
      fates.set(message, fate === 'double' && queue.isFifo ? 'again' : fate);
    }
    return fates;
  };
  /** The ids that the function did not finish. */
  const deliver = async (messages: readonly Message[]): Promise<ReadonlySet<string>> => {
    if (messages.length === 0) return new Set();
    const ids = messages.map(({ id }) => id);
    try {
      const answer = await invoke({ Records: messages.map((message) => recordOf(message, queue)) });
      return mapping.partialFailures ? failedIds(answer, ids) : new Set();
    } catch {
      return new Set(ids);
    }
  };
  return look;
}

function recordOf(
  { id, body, group, deduplication, sequence, sentMs, firstReceivedMs, receives }: Message,
  queue: VirtualQueue,
): SQSRecord {
  return {
    messageId: id,
    receiptHandle: `${id}.${receives}`,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentMs),
      SenderId: 'LOCAL',
      ApproximateFirstReceiveTimestamp: String(firstReceivedMs),
      ...(queue.isFifo ? { SequenceNumber: sequence, MessageGroupId: group!, MessageDeduplicationId: deduplication! } : {}),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: queue.plan.arn,
    awsRegion: LOCAL_REGION,
  };
}

function gatewayOf(
  plan: Plan,
  functions: ReadonlyMap<string, Environments>,
  { clock, timeline, misfortune, travel }: { clock: Clock; timeline: Timeline } & Pick<Ways, 'misfortune' | 'travel'>,
): VirtualCloud['ask'] {
  const match = routerOf(plan.routes);
  let requests = 0;
  return (claims, method, path, body, key) =>
    new Promise((resolve, reject) => {
      const [rawPath = '/', rawQueryString = ''] = path.split(/\?(.*)/s);
      const matched = match(method, rawPath);
      const give = ({ status, body: text }: { status: number; body: string | Buffer }) => {
        if (misfortune.onAnswer?.(method, path))
          return travel(() => reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })));
        return travel(() => resolve({ status, body: text.length === 0 ? undefined : JSON.parse(String(text)) }));
      };
      if (matched === undefined) return give(refusal(404, 'Not Found'));
      const { route, pathParameters } = matched;
      const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
      const asked = { headers, method, httpVersion: '1.1', socket: { remoteAddress: '192.0.2.1' } };
      return travel(() => {
        const event = eventOf(asked, {
          route,
          rawPath,
          rawQueryString,
          pathParameters,
          body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
          authorized: { claims, scopes: null },
          timeEpoch: clock.now(),
          requestId: `request.${++requests}`,
        });
        const late = timeline.after(Math.min(route.timeoutMs, GATEWAY_MS_MAX), () => give(UNAVAILABLE));
        functions
          .get(route.function)!
          .invoke(event)
          .then(
            (result) => give(answerFrom(result)),
            () => give(INTERNAL),
          )
          .finally(late.cancel);
      });
    });
}

/** The service does part of a batch and says so. */
function partly(
  request: WireRequest,
  perform: (service: Service, operation: string, body: Record<string, unknown>) => Answer,
): Answer {
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

function shuffle<T>(all: T[], between: (low: number, high: number) => number): T[] {
  const shuffled = [...all];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = between(0, at);
    [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
  }
  return shuffled;
}
