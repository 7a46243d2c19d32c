/**
 * The cloud that runs here: it reads a synthesized template and starts every piece of it in this process (and one engine
 * beside it), wired as the template says. Its user sees an address, tokens, queues and a clock; the functions can't tell it
 * from the real one, except that time may stand still.
 */
import { type Activity, watchActivity } from './activity.ts';
import { issuerOf, openApi } from './api-gateway/api.ts';
import type { WebSocketUsage } from './api-gateway/connections.ts';
import { type Gateway, startGateway } from './api-gateway/gateway.ts';
import type { Identity, TokenRequest } from './api-gateway/issuer.ts';
import type { WebSockets } from './api-gateway/websocket.ts';
import { type AlarmChange, type Alarms, startAlarms } from './cloudwatch/alarms.ts';
import { startCloudWatch } from './cloudwatch/cloudwatch.ts';
import { type LogLine, type Logs, startLogs } from './cloudwatch/logs.ts';
import { type Metrics, startMetrics } from './cloudwatch/metrics.ts';
import { evaluateEveryMinute } from './cloudwatch/minutes.ts';
import { type Engines, startEngines } from './engines.ts';
import { type Clock, type CountingClock, countingMinutes, followingClock } from './host/clock.ts';
import { type DataFolder, openDataFolder } from './host/data-folder.ts';
import { LocalCloudError } from './host/error.ts';
import type { Canary, Weight } from './lambda/canary.ts';
import type { MessageHook } from './lambda/event-source.ts';
import type { FunctionUsage } from './proxy/meter.ts';
import type { ProxyOptions } from './proxy/proxy.ts';
import { type Runtime, type RuntimeLimits, type RuntimeUsage, startRuntime } from './runtime.ts';
import { type Firing, type FiringHook, startSchedules } from './scheduler/scheduler.ts';
import { type DeadLetter, deadLettersIn, redrive } from './sqs/dead-letters.ts';
import type { Depth } from './sqs/sqs.ts';
import { type Assembly, readAssembly } from './template/assembly.ts';
import type { Plan } from './template/plan.ts';
import { planOf } from './template/planner.ts';

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
  /** What the user of this cloud should know: the engine ended by itself, schedules were skipped, a fault of this cloud itself. */
  readonly onProblem?: (error: Error) => void;
}

export interface Cloud {
  readonly url: string;
  readonly issuer: string;
  /** Where the template's WebSocket API is reached; `undefined` when it has none. */
  readonly webSocketUrl: string | undefined;
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
  /** Messages in both directions, and minutes of connections. */
  readonly webSockets: WebSocketUsage;
}

const NO_USAGE: WebSocketUsage = { messages: 0, connectionMinutes: 0 };

const LIMITS: Limits = { environmentsMax: 2, redeliveryMs: 200, windowMsMax: 20, delayMsMax: 200, quietWithinMs: 60_000 };
/** How soon after a minute has ended it is noticed, on a clock that runs. */
const LOOKS_EVERY_MS = 5_000;
/** What fires later than this was missed, and is caught up in order, each after the one before has been worked off. */
const MISSED_AFTER_MS = 60_000;
/** No longer than this, or callers who never pause would keep the next missed firing away: at AWS it came long ago. */
const CAUGHT_UP_WITHIN_MS = 3_000;

export async function startCloud(options: CloudOptions): Promise<Cloud> {
  // Lambda runs in UTC; the time zone of this machine must not show in a function.
  process.env.TZ = 'UTC';
  await using started = new AsyncDisposableStack();
  const base = await openBase(options, started);
  const { clock, limits, folder, gateway, metrics, problem } = base;
  const activity = watchActivity(() => ({ queues: engines.queues, functions: runtime.functions, requests: gateway.running() }));
  const engines = await startEngines({
    clock,
    folder,
    delayMsMax: clock.frozen ? limits.delayMsMax : Infinity,
    proxy: options.proxy,
    kill: (name, environment) => runtime.kill(name, environment),
    onArrival: (queue) => runtime.wake(queue),
    onExit: (error) => {
      problem(error);
      activity.fail(error);
    },
  });
  started.defer(engines.stop);
  const plan = planOf(
    base.assembly,
    { ...engines.addresses, apiUrl: gateway.url, issuer: issuerOf(gateway.url) },
    options.parameters,
  );
  // The engine deletes what expired by real time, which means nothing to a clock of its own.
  await engines.create(plan, { expiry: !clock.frozen });
  const { messages, canary } = options;
  const alarms = startAlarms(plan, metrics, clock.now(), options.onAlarm ?? (() => {}));
  const cloudwatch = await startCloudWatch(alarms.now);
  started.defer(cloudwatch.stop);
  const runtime = startRuntime(plan, {
    ...base,
    messages,
    canary,
    endpoint: engines.endpoint,
    cloudwatch: cloudwatch.endpoint,
    onChange: activity.changed,
  });
  started.defer(runtime.stop);
  runtime.feed(engines.queues);
  evaluateEveryMinute(clock, alarms, metrics, engines.queues);
  const schedules = fireSchedules(plan, options, { ...base, activity, queueNamed: engines.queueNamed });
  started.defer(schedules.stop);
  const looking = clock.frozen ? undefined : setInterval(clock.look, LOOKS_EVERY_MS).unref();
  started.defer(() => clearInterval(looking));
  const { identity, webSockets } = await openApi(gateway, plan, {
    ...base,
    dataDir: folder?.dir,
    invoke: runtime.invoke,
    onChange: activity.changed,
  });
  started.defer(gateway.stop);
  return cloudOf({ ...base, plan, engines, runtime, activity, alarms, schedules, identity, webSockets, canary }, started.move());
}

/** What everything else stands on; it is ready before any engine is. */
interface Base {
  readonly assembly: Assembly;
  readonly limits: Limits;
  readonly problem: (error: Error) => void;
  readonly gateway: Gateway;
  readonly folder: DataFolder | undefined;
  readonly clock: CountingClock;
  readonly logs: Logs;
  readonly metrics: Metrics;
}

async function openBase(options: CloudOptions, started: AsyncDisposableStack): Promise<Base> {
  const clock = countingMinutes(options.clock ?? followingClock());
  const assembly = readAssembly(options.assembly, options.stack);
  const gateway = await startGateway(options.port ?? 0);
  started.defer(gateway.stop);
  const folder = options.dataDir === undefined ? undefined : openDataFolder(options.dataDir);
  started.defer(() => folder?.release());
  // An earlier run may have been further and have ended before it was noted how far it was ahead.
  const firedUntilMs = folder?.firedUntilMs() ?? 0;
  if (!clock.frozen && firedUntilMs > clock.now()) clock.moveTo(firedUntilMs);
  const logs = startLogs(folder?.dir, options.onLog);
  started.defer(logs.stop);
  const problem = options.onProblem ?? ((error: Error) => process.emitWarning(error));
  return {
    assembly,
    limits: { ...LIMITS, ...options.limits },
    problem,
    gateway,
    folder,
    clock,
    logs,
    metrics: startMetrics(clock),
  };
}

/** The template's schedules, and `advanceTo`, whose caller may look at the cloud after each firing. */
function fireSchedules(
  plan: Plan,
  options: CloudOptions,
  { clock, limits, folder, problem, activity, queueNamed }: Base & { activity: Activity; queueNamed: Engines['queueNamed'] },
) {
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
  const advanceTo: Cloud['advanceTo'] = async (instant, afterFiring) => {
    watcher = afterFiring;
    return schedules.advanceTo(instant);
  };
  return { ...schedules, advanceTo };
}

interface Parts extends Base {
  readonly plan: Plan;
  readonly engines: Engines;
  readonly runtime: Runtime;
  readonly activity: Activity;
  readonly alarms: Alarms;
  readonly schedules: ReturnType<typeof fireSchedules>;
  readonly identity: Identity;
  readonly webSockets: WebSockets | undefined;
  readonly canary: Canary | undefined;
}

function cloudOf(parts: Parts, running: AsyncDisposableStack): Cloud {
  const { engines, runtime, activity, schedules } = parts;
  return {
    url: parts.gateway.url,
    issuer: parts.identity.issuer,
    webSocketUrl: parts.plan.webSockets && `${parts.gateway.url.replace(/^http/, 'ws')}/${parts.plan.webSockets.stage}`,
    mint: parts.identity.mint,
    clock: parts.clock,
    advanceTo: schedules.advanceTo,
    nextFiring: schedules.next,
    tableName: parts.plan.tables[0]?.name ?? '',
    dynamodbEndpoint: engines.dynamodbEndpoint,
    sqsEndpoint: engines.sqsEndpoint,
    queueUrl: (name) => engines.queueNamed(name).url,
    send: (queue, body, options) =>
      engines.queueNamed(queue).send(typeof body === 'string' ? body : JSON.stringify(body), options),
    quiet: (withinMs = parts.limits.quietWithinMs) => activity.quiet(withinMs),
    depths: () => Object.fromEntries([...engines.queues].map(([name, queue]) => [name, queue.depth()])),
    deadLetters: () => deadLettersIn(engines.queues),
    redrive: (name) => redrive(engines.queues, engines.queueNamed(name)),
    invoke: runtime.invoke,
    shift(weight) {
      if (parts.canary === undefined)
        throw new LocalCloudError('There is one version here', 'Start the cloud with a canary to shift traffic to it.');
      runtime.shift(weight);
    },
    kill: runtime.kill,
    reserve: runtime.reserve,
    metrics: parts.metrics,
    logs: parts.logs,
    alarms: parts.alarms,
    usage: () => ({ ...runtime.usage(), functions: engines.usage(), webSockets: parts.webSockets?.usage() ?? NO_USAGE }),
    stop: () => running.disposeAsync(),
  };
}
