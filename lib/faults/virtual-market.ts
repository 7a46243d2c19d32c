/** The scripted market on the virtual cloud: the same participants, with claims instead of tokens. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { auditVenue } from '../audit/audit.ts';
import { byTwo } from '../client/by-two.ts';
import { type Caller, UnexpectedAnswerError } from '../client/exchange.ts';
import { type BusinessDate, instantOf } from '../domain/contract/calendar.ts';
import type { SweepTimes } from '../infra/deployment.ts';
import { Table } from '../store/table.ts';
import { startVirtualCloud, type VirtualCloud } from '../virtual/cloud.ts';
import type { FaultHooks } from '../virtual/fault-hooks.ts';
import { ACCOUNTS, type Account, assembled, type Market, participantsOf, type Script, SHARDS } from './scripted-market.ts';

export interface VirtualMarketOptions {
  readonly seed?: number;
  readonly faultHooks?: FaultHooks;
  /** A directory like `lambdas/`, to run other code than this tree's. */
  readonly sources?: string | undefined;
  /** Of the sweep; as deployed unless given. */
  readonly sweep?: SweepTimes;
  /** How many shards its accounts are spread over. */
  readonly shards?: number;
  readonly onOutput?: (functionName: string, text: string) => void;
  /** Every answer, with the account (or `operator`) that asked. */
  readonly onAnswer?: OnAnswer;
}

type OnAnswer = (caller: string, asked: string, answer: string) => void;

/** The market on the virtual cloud, on the evening before the script's first day and empty until it is played. */
export function openVirtualMarket({ listed }: Script, options: VirtualMarketOptions = {}): Market<VirtualCloud> {
  const { sources, sweep, shards = SHARDS, seed = 0, faultHooks, onOutput, onAnswer } = options;
  const cloud = startVirtualCloud({
    assembly: assembled(undefined, sweep, shards),
    start: instantOf(listed as BusinessDate, '20:00', 'America/New_York'),
    seed,
    sources,
    ...(faultHooks ? { faultHooks } : {}),
    ...(onOutput ? { onOutput } : {}),
  });
  const operator = byTwo(virtualOperator(cloud, 'operator', onAnswer), virtualOperator(cloud, 'second', onAnswer));
  const as = Object.fromEntries(ACCOUNTS.map((account) => [account, virtualParticipant(cloud, account, onAnswer)])) as Record<
    Account,
    Caller
  >;
  const pause = (ms: number) => new Promise<void>((resolve) => void cloud.timeline.after(ms, resolve));
  const table = virtualTableOf(cloud);
  return {
    cloud,
    table,
    ...participantsOf(cloud, operator, as, pause),
    audit: () => auditVenue(table, shards),
    async [Symbol.asyncDispose]() {},
  };
}

export const virtualOperator = (cloud: VirtualCloud, name: string, onAnswer?: OnAnswer): Caller =>
  callerOf(cloud, name, { 'cognito:groups': ['operators', 'approvers'] }, onAnswer);

export const virtualParticipant = (cloud: VirtualCloud, account: string, onAnswer?: OnAnswer): Caller =>
  callerOf(cloud, account, { 'custom:account': account }, onAnswer);

function callerOf(cloud: VirtualCloud, name: string, claims: Record<string, unknown>, onAnswer: OnAnswer | undefined): Caller {
  const ask: Caller['ask'] = async (method, path, body, key) => {
    const answer = await cloud.ask({ token_use: 'id', sub: name, ...claims }, method, path, body, key);
    onAnswer?.(name, `${method} ${path}`, JSON.stringify(answer.body));
    return answer;
  };
  const expect = async (...asked: Parameters<Caller['ask']>) => {
    const { status, body } = await ask(...asked);
    if (status >= 200 && status < 300) return body;
    throw new UnexpectedAnswerError(`${asked[0]} ${asked[1]} answered ${status}: ${JSON.stringify(body)}`);
  };
  return {
    get: (path) => expect('GET', path),
    put: (path, body) => expect('PUT', path, body),
    post: (path, body, key) => expect('POST', path, body, key),
    ask,
  };
}

/** The venue's table, read directly, so that no fault reaches it. */
export function virtualTableOf(cloud: VirtualCloud): Table {
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: 'http://dynamodb.virtual',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: {
      handle: async ({ headers, body }: { headers: Record<string, string>; body: string | Uint8Array }) => {
        const answer = cloud.table(
          headers['x-amz-target']!.split('.')[1]!,
          JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body)),
        );
        const response = { statusCode: answer.status, headers: {}, body: Buffer.from(JSON.stringify(answer.body)) };
        return { response };
      },
    } as never,
  });
  return new Table(cloud.tableName, client);
}
