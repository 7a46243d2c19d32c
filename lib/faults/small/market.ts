/**
 * A market in the small world: honest participants, a hostile one and two operators, each with a valid token. What they
 * ask and hear is kept, so that it can be judged at the end.
 */
import type { Caller } from '../../client/exchange.ts';
import { numberedKey } from '../../client/idempotency-key.ts';
import { type BusinessDate, instantOf, nextBusinessDay } from '../../domain/contract/calendar.ts';
import { listedMonths, monthText } from '../../domain/contract/months.ts';
import { assemblyOf } from '../../infra/local-deployment.ts';
import { PARAMETERS } from '../../simulation/parameters.ts';
import type { Table } from '../../store/table.ts';
import { startVirtualCloud, type VirtualCloud, type VirtualCloudOptions } from '../../virtual/cloud.ts';
import { PRODUCT, SELDOM, SHARDS } from '../scripted-market.ts';
import { virtualOperator, virtualParticipant, virtualTableOf } from '../virtual-market.ts';
import { SMALL_LIMITS } from './world.ts';

export const HONEST = ['maker', 'fund', 'hedger', 'seller'] as const;
/** In the same shard as the maker. */
export const ROGUE = 'rogue';
export const OPERATORS = ['op-1', 'op-2'] as const;
export type Participant = (typeof HONEST)[number] | typeof ROGUE;
export type Name = Participant | (typeof OPERATORS)[number];

export const ZONE = 'America/New_York';

/**
 * As deployed, but for four months in place of twelve, an index of two values, and limits of an account of a twentieth: a
 * hundredth would not let one account fill an item.
 */
export const TERMS = {
  ...PARAMETERS,
  listedMonths: 4,
  margin: { ...PARAMETERS.margin, scenarios: PARAMETERS.margin.scenarios.map((moves) => moves.slice(0, 4)) },
  indexValuesMin: 2,
  liveOrdersMax: 1_000,
  submissionsMax: 500,
};

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Asked {
  readonly by: Name;
  readonly asked: string;
  readonly status: number;
}

/** A submission that was answered with 202. */
export interface Sent {
  readonly account: Participant;
  readonly key: string;
  readonly orders: readonly object[];
  readonly atMs: number;
}

export interface SmallMarket {
  readonly cloud: VirtualCloud;
  readonly table: Table;
  /** The months listed on the first day, the nearest first, as contract codes. */
  readonly contracts: readonly string[];
  readonly answers: Asked[];
  readonly sent: Sent[];
  /** References of the deposits that were answered as done. */
  readonly deposited: string[];
  readonly notes: Notes;
  readonly meter: Meter;
  key(): string;
  /** Asks until it is answered; `undefined` when nothing but failures was heard. */
  ask(by: Name, method: string, path: string, body?: unknown, key?: string): Promise<Answer>;
  submit(account: Participant, orders: readonly object[], key?: string): Promise<Answer>;
}

/** What the functions have read from the table. */
export interface Meter {
  readonly bytesOf: Map<string, number>;
  /** Messages that were brought to accept. */
  orderMessages: number;
}

/** What the script has done that decides what may be expected of the market. */
export interface Notes {
  /** When the venue was halted, and when it was resumed: milliseconds. */
  readonly halts: { readonly from: number; until: number | undefined }[];
  /** Texts of messages that do not reach their functions, so that their queues give them up. */
  readonly stuck: Set<string>;
  /** Those that did not at some time. */
  readonly everStuck: Set<string>;
  /** When everything was quiet: the newest event, and the dates of the published index values. */
  readonly index: { readonly seq: number; readonly dates: readonly string[] }[];
  /** Slots of auctions that were asked for before they were due: those before them on that day are not held any more. */
  readonly ahead: string[];
  /** Names of orders whose cancel was answered after they had been answered. */
  readonly cancelled: Set<string>;
}

export interface SmallMarketOptions
  extends Pick<VirtualCloudOptions, 'seed' | 'sources' | 'faultHooks' | 'onOutput' | 'onFailure'> {
  readonly listed: BusinessDate;
  /** Whether the cloud itself is disturbed, so that an answer may be lost or a 503. */
  readonly disturbed: boolean;
  readonly onAnswer?: (by: Name, asked: string, answer: string) => void;
}

const TRIES_MAX = 60;
const READS: ReadonlySet<string> = new Set(['GetItem', 'Query', 'BatchGetItem']);
/** Requests in a hundred that are late by seconds when the cloud is disturbed. */
const LATE_PERCENT = 2;
/** A message may fail more often under faults than it ever would. */
const PATIENT = 100;

/** The market on the evening before its first day, empty. */
export function openSmallMarket(options: SmallMarketOptions): SmallMarket {
  const { listed, disturbed, onAnswer } = options;
  const meter: Meter = { bytesOf: new Map(), orderMessages: 0 };
  const { onDelivery } = options.faultHooks ?? {};
  const cloud = startVirtualCloud({
    ...options,
    faultHooks: {
      ...options.faultHooks,
      onDelivery: (queue, body) => {
        if (queue === 'orders.fifo') meter.orderMessages++;
        return onDelivery?.(queue, body);
      },
    },
    onPerformed: (request, answer) => {
      if (READS.has(request.operation))
        meter.bytesOf.set(request.function, (meter.bytesOf.get(request.function) ?? 0) + JSON.stringify(answer.body).length);
    },
    assembly: assemblyOf({
      deployment: { shards: SHARDS, sweep: SELDOM, ...(disturbed ? { receivesMax: PATIENT } : {}) },
      bundles: undefined,
    }),
    start: instantOf(listed, '20:00', ZONE),
    limits: disturbed ? { ...SMALL_LIMITS, requestMs: { ...SMALL_LIMITS.requestMs, latePercent: LATE_PERCENT } } : SMALL_LIMITS,
  });
  const callers = new Map<Name, Caller>([
    ...[...HONEST, ROGUE].map((name): [Name, Caller] => [name as Name, virtualParticipant(cloud, name)]),
    ...OPERATORS.map((name): [Name, Caller] => [name, virtualOperator(cloud, name)]),
  ]);
  const answers: Asked[] = [];
  const sent: Sent[] = [];
  let keys = 0;
  const pause = (ms: number) => new Promise<void>((resolve) => void cloud.timeline.after(ms, resolve));
  const key = (): string => numberedKey(cloud.clock.now(), ++keys);
  const ask: SmallMarket['ask'] = async (by, method, path, body, own) => {
    for (let tries = 1; ; tries++) {
      const answer = await callers
        .get(by)!
        .ask(method, path, body, own)
        .catch((error: unknown) => {
          if (!disturbed || !/socket hang up/.test(String(error))) throw error;
          return undefined;
        });
      if (answer && (answer.status < 500 || !disturbed || tries === TRIES_MAX)) {
        answers.push({ by, asked: `${method} ${path}`, status: answer.status });
        onAnswer?.(by, `${method} ${path}`, JSON.stringify(answer.body) ?? '');
        return answer;
      }
      if (tries === TRIES_MAX) throw new Error(`${method} ${path.slice(0, 60)} is never answered`);
      await pause(20);
    }
  };
  const months = listedMonths('NYSE', nextBusinessDay('NYSE', listed), TERMS.listedMonths);
  return {
    cloud,
    table: virtualTableOf(cloud),
    contracts: months.map((month) => `${PRODUCT}-${monthText(month)}`),
    answers,
    sent,
    deposited: [],
    meter,
    notes: { halts: [], stuck: new Set(), everStuck: new Set(), ahead: [], index: [], cancelled: new Set() },
    key,
    ask,
    submit: async (account, orders, own = key()) => {
      const answer = await ask(account, 'POST', '/v1/submissions', { product: PRODUCT, orders }, own);
      if (answer.status === 202) sent.push({ account, key: own, orders, atMs: cloud.clock.now() });
      return answer;
    },
  };
}

/** Lists the product, opens the accounts and gives them cash. */
export async function list(market: SmallMarket, listed: BusinessDate): Promise<void> {
  const curve = Object.fromEntries(market.contracts.map((contract, at) => [contract.slice(PRODUCT.length + 1), `2.40${at}`]));
  const listing = { date: listed, curve };
  await askByTwo(market, 'PUT', `/v1/operator/products/${PRODUCT}`, { expectedVersion: 0, parameters: TERMS, listing });
  const accounts = [...HONEST, ROGUE];
  await askByTwo(market, 'POST', '/v1/operator/accounts', {
    accounts: accounts.map((account) => ({ account, name: account })),
  });
  await deposit(market, accounts, 'opening', '1000000.00');
  await askByTwo(market, 'PUT', `/v1/operator/index/${PRODUCT}/${listed}`, { value: '2.400' });
  await market.ask('fund', 'PUT', `/v1/roll-instructions/${PRODUCT}`, { at: 'market' });
}

/** What both operators want: the first asks for it, and what is held of it the second approves. */
export async function askByTwo(market: SmallMarket, method: string, path: string, body: unknown): Promise<Answer> {
  const asked = await market.ask('op-1', method, path, body);
  const { approve, revision } = (asked.body ?? {}) as { approve?: string; revision?: number };
  return approve === undefined ? asked : market.ask('op-2', 'POST', approve, { revision });
}

export async function deposit(
  market: SmallMarket,
  accounts: readonly string[],
  reference: string,
  amount: string,
): Promise<void> {
  const movements = accounts.map((account) => ({ account, reference, amount }));
  const { status } = await askByTwo(market, 'POST', '/v1/operator/cash-movements', { movements });
  if (status < 300) market.deposited.push(...accounts.map((account) => `${account} ${reference}`));
}
