/**
 * The cloud that runs here: it reads a synthesized template and starts every piece of it in this process (and one engine
 * beside it), wired as the template says. Who uses it sees an address, tokens, queues and a clock; the functions can't tell
 * it from the real one, except that time may stand still.
 */
import { watchActivity } from './activity.ts';
import { startAuthorizer } from './api-gateway/authorizer.ts';
import { startGateway } from './api-gateway/gateway.ts';
import { startIdentity, type TokenRequest } from './api-gateway/issuer.ts';
import { type AlarmChange, type Alarms, startAlarms } from './cloudwatch/alarms.ts';
import { type LogLine, type Logs, startLogs } from './cloudwatch/logs.ts';
import { type Metrics, startMetrics } from './cloudwatch/metrics.ts';
import { gaugeOf, recordRequest } from './cloudwatch/service-metrics.ts';
import { startDynamoDb } from './dynamodb/dynamodb.ts';
import { type Clock, countingMinutes, followingClock } from './host/clock.ts';
import { openDataFolder } from './host/data-folder.ts';
import { LocalCloudError } from './host/error.ts';
import type { Canary, Weight } from './lambda/canary.ts';
import type { MessageHook } from './lambda/event-source.ts';
import type { FunctionUsage } from './proxy/meter.ts';
import { type ProxyOptions, startProxy } from './proxy/proxy.ts';
import { type RuntimeLimits, type RuntimeUsage, startRuntime } from './runtime.ts';
import { type Firing, type FiringHook, startSchedules } from './scheduler/scheduler.ts';
import { type DeadLetter, deadLettersIn, redrive } from './sqs/dead-letters.ts';
import { type Depth, startSqs } from './sqs/sqs.ts';
import { readAssembly } from './template/assembly.ts';
import { planOf } from './template/plan.ts';

export interface Limits extends RuntimeLimits {
  /** Longest real wait of a message that was sent with a delay, while the clock stands still. */
  readonly delayMsMax: number;
  /** How long `quiet` waits before it says what is stuck. */
  readonly quietWithinMs: number;
}

export interface CloudOptions {
  /** A synthesized app, usually `cdk.out`. */
  readonly assembly: string;
  readonly stack?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Keeps tables, queues, key and logs here; without it all is in memory. */
  readonly dataDir?: string;
  /** Follows real time unless given. */
  readonly clock?: Clock;
  /** Of the gateway; any free one unless given. */
  readonly port?: number;
  readonly proxy?: ProxyOptions;
  /** What goes wrong with messages on their way, and with schedules; nothing unless given. */
  readonly messages?: MessageHook;
  readonly firings?: FiringHook;
  /** A new version of the functions beside the assembly's own, for a share of the invocations. */
  readonly canary?: Canary;
  readonly limits?: Partial<Limits>;
  readonly onLog?: (line: LogLine) => void;
  /** An alarm of the template changed its state. */
  readonly onAlarm?: (change: AlarmChange) => void;
  /** What somebody should know: the engine died, schedules were skipped, a fault of this cloud itself. */
  readonly onProblem?: (error: Error) => void;
}

export interface Cloud {
  readonly url: string;
  readonly issuer: string;
  mint(request: TokenRequest): Promise<string>;
  readonly clock: Clock;
  /** Moves a standing clock, firing what is due on the way, and lets the cloud go quiet after each firing. */
  advanceTo(instant: number | string, afterFiring?: (firing: Firing) => Promise<void> | void): Promise<readonly Firing[]>;
  nextFiring(): Firing | undefined;
  readonly tableName: string;
  readonly dynamodbEndpoint: string;
  readonly sqsEndpoint: string;
  queueUrl(name: string): string;
  send(queue: string, body: unknown, options?: { group?: string; deduplication?: string }): void;
  /** Resolves when nothing is queued (dead letters aside) and nothing runs; rejects with what is stuck. */
  quiet(withinMs?: number): Promise<void>;
  depths(): Readonly<Record<string, Depth>>;
  deadLetters(): readonly DeadLetter[];
  /** Sends everything in a dead-letter queue back to where it came from, in order, as SQS's redrive does. Gives the number. */
  redrive(deadLetterQueue: string): number;
  invoke(functionName: string, event: unknown): Promise<unknown>;
  /** Moves traffic between the assembly's version and the canary, if one was given; what runs is not disturbed. */
  shift(weight: Weight): void;
  /** Ends a function's environments as a crash would. */
  kill(functionName: string): void;
  /** At most so many of a function at once, 0 for none; as the template has it when undefined. The others are throttled. */
  reserve(functionName: string, concurrency: number | undefined): void;
  readonly metrics: Metrics;
  readonly logs: Logs;
  /** The template's alarms, evaluated at the end of every minute that passes. */
  readonly alarms: Alarms;
  usage(): Usage;
  stop(): Promise<void>;
}

/** What would be billed; what the functions sent is there when the proxy meters. */
export interface Usage extends RuntimeUsage {
  readonly functions: Readonly<Record<string, FunctionUsage>>;
}

const LIMITS: Limits = { environmentsMax: 2, redeliveryMs: 200, windowMsMax: 20, delayMsMax: 200, quietWithinMs: 60_000 };
const ISSUER_PATH = '/local-issuer';
/** How soon after a minute has ended it is noticed, on a clock that runs. */
const LOOKS_EVERY_MS = 5_000;
/** What fires later than this was missed, and is caught up in order, each after the one before has been worked off. */
const MISSED_AFTER_MS = 60_000;
/** No longer than this, or participants who never pause would keep the next missed firing away: at AWS it came long ago. */
const CAUGHT_UP_WITHIN_MS = 3_000;

export async function startCloud(options: CloudOptions): Promise<Cloud> {
  await using started = new AsyncDisposableStack();
  let minutesEnded = (_endsMs: readonly number[]) => {};
  const clock = countingMinutes(options.clock ?? followingClock(), (endsMs) => minutesEnded(endsMs));
  const limits = { ...LIMITS, ...options.limits };
  const problem = options.onProblem ?? ((error: Error) => process.emitWarning(error));
  // Lambda runs in UTC; the time zone of this machine must not show in a function.
  process.env.TZ = 'UTC';

  const assembly = readAssembly(options.assembly, options.stack);
  const gateway = await startGateway(options.port ?? 0);
  started.defer(() => gateway.stop());
  const folder = options.dataDir === undefined ? undefined : openDataFolder(options.dataDir);
  started.defer(() => folder?.release());
  // An earlier run may have been further and have died before anybody noted by how much it was ahead.
  const firedUntilMs = folder?.firedUntilMs() ?? 0;
  if (!clock.frozen && firedUntilMs > clock.now()) clock.moveTo(firedUntilMs);
  const logs = startLogs(folder?.dir, options.onLog);
  started.defer(() => logs.stop());
  const metrics = startMetrics(clock);

  let engineDied: (error: Error) => void = problem;
  const dynamodb = await startDynamoDb({ file: folder?.tablesFile, onDeath: (error) => engineDied(error) });
  started.defer(() => dynamodb.stop());
  folder?.noteEngine(dynamodb.pid);
  const delayMsMax = clock.frozen ? limits.delayMsMax : Infinity;
  const sqs = await startSqs({ clock, dataDir: folder?.dir, delayMsMax, onArrival: (queue) => runtime.wake(queue) });
  started.defer(() => sqs.stop());

  const engines = { dynamodb: dynamodb.endpoint, sqs: sqs.endpoint };
  const kill = (name: string, environment?: number) => runtime.kill(name, environment);
  const proxy = options.proxy && (await startProxy(options.proxy, { engines, kill }));
  started.defer(() => proxy?.stop());

  const addresses = { queueUrl: proxy?.queueUrl ?? sqs.queueUrl, apiUrl: gateway.url, tableName: dynamodb.tableName };
  const plan = planOf(assembly, addresses, options.parameters);
  // The engine deletes what expired by real time, which means nothing to a clock of its own.
  for (const table of plan.tables) await dynamodb.createTable(table, !clock.frozen);
  for (const queue of plan.queues) sqs.createQueue(queue);
  const queueNamed = (name: string) => {
    const queue = sqs.queues.get(name);
    if (queue === undefined)
      throw new LocalCloudError(`There is no queue ${name}`, `There are: ${[...sqs.queues.keys()].join(', ')}.`);
    return queue;
  };

  const runtime = startRuntime(plan, {
    limits,
    clock,
    metrics,
    logs,
    endpoint: proxy?.endpoint ?? ((service) => engines[service]),
    messages: options.messages,
    canary: options.canary,
    onChange: () => activity.changed(),
  });
  started.defer(() => runtime.stop());
  const activity = watchActivity({ queues: sqs.queues, functions: runtime.functions, requests: gateway.running });
  engineDied = (error) => {
    problem(error);
    activity.fail(error);
  };
  runtime.feed(sqs.queues);

  const alarms = startAlarms(plan, metrics, clock.now(), options.onAlarm ?? (() => {}));
  const gauges = [...sqs.queues.values()].map((queue) => gaugeOf(metrics, queue));
  minutesEnded = (endsMs) => {
    // However many end at once, what is in the queues is the same in all of them.
    const readings = gauges.map((gauge) => gauge());
    for (const endMs of endsMs) {
      for (const reading of readings) reading(endMs - 1);
      alarms.evaluate(endMs);
    }
  };
  let watcher: ((firing: Firing) => Promise<void> | void) | undefined;
  const schedules = startSchedules(plan.schedules, {
    clock,
    queueOf: queueNamed,
    fault: options.firings,
    firedUntilMs: folder?.firedUntilMs(),
    onFiredUntil: (instantMs) => folder?.setFiredUntil(instantMs),
    afterFiring: async (firing) => {
      if (clock.frozen) await activity.quiet(limits.quietWithinMs);
      else if (firing.dueMs < clock.now() - MISSED_AFTER_MS) await activity.quiet(CAUGHT_UP_WITHIN_MS).catch(() => {});
      await watcher?.(firing);
    },
    onSkipped: (message) => problem(new Error(message)),
    onError: (error) => problem(error as Error),
  });
  started.defer(() => schedules.stop());
  const looking = clock.frozen ? undefined : setInterval(clock.look, LOOKS_EVERY_MS).unref();
  started.defer(() => clearInterval(looking));

  const issuer = `${gateway.url}${ISSUER_PATH}`;
  const audience = plan.routes.find((route) => route.authorizer !== undefined)?.authorizer?.audience[0] ?? 'local';
  const identity = await startIdentity({ issuer, audience, clock, dataDir: folder?.dir });
  gateway.open({
    routes: plan.routes,
    authorize: startAuthorizer(identity, clock),
    invoke: runtime.invoke,
    clock,
    documents: Object.fromEntries(
      Object.entries(identity.documents).map(([path, document]) => [`${ISSUER_PATH}${path}`, document]),
    ),
    onAnswer: (status, latencyMs) => {
      recordRequest(metrics, plan.routes[0]?.api ?? '', status, latencyMs);
      activity.changed();
    },
    onError: (error) => problem(error as Error),
  });
  started.defer(() => gateway.stop());
  const running = started.move();

  return {
    url: gateway.url,
    issuer,
    mint: identity.mint,
    clock,
    async advanceTo(instant, afterFiring) {
      watcher = afterFiring;
      return schedules.advanceTo(instant);
    },
    nextFiring: schedules.next,
    tableName: plan.tables[0]?.name ?? '',
    dynamodbEndpoint: dynamodb.endpoint,
    sqsEndpoint: sqs.endpoint,
    queueUrl: (name) => queueNamed(name).url,
    send: (queue, body, send) => queueNamed(queue).send(typeof body === 'string' ? body : JSON.stringify(body), send),
    quiet: (withinMs = limits.quietWithinMs) => activity.quiet(withinMs),
    depths: () => Object.fromEntries([...sqs.queues].map(([name, queue]) => [name, queue.depth()])),
    deadLetters: () => deadLettersIn(sqs.queues),
    redrive: (name) => redrive(sqs.queues, queueNamed(name)),
    invoke: runtime.invoke,
    shift(weight) {
      if (options.canary === undefined)
        throw new LocalCloudError('There is one version here', 'Start the cloud with a canary to shift traffic to it.');
      runtime.shift(weight);
    },
    kill,
    reserve: runtime.reserve,
    metrics,
    logs,
    alarms,
    usage: () => ({ ...runtime.usage(), functions: Object.fromEntries(proxy?.usage() ?? []) }),
    stop: () => running.disposeAsync(),
  };
}
