/**
 * CloudWatch as functions reach it: AWS JSON 1.0 over HTTP on this machine, and of its operations the one that is asked here,
 * `DescribeAlarms`, of metric alarms. What the service would do with a request and this does not is refused.
 *
 * Source: Amazon CloudWatch API reference, `DescribeAlarms`; Smithy, "AWS JSON 1.0 protocol" and "AWS query compatible".
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../template/assembly.ts';
import type { AlarmNow } from './alarms.ts';

export interface CloudWatch {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const TARGET = 'GraniteServiceVersion20100801.';
const RECORDS_MAX = 100;
const RECORDS_DEFAULT = 50;
const NAMES_MAX = 100;

/** A refusal, under the code that the service gives it. */
class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** @param alarms all of them, asked for with every request */
export async function startCloudWatch(alarms: () => readonly AlarmNow[]): Promise<CloudWatch> {
  const server = createServer((request, response) => {
    answer(request, alarms).then(
      (body) => respond(response, 200, body),
      (error: unknown) => refuse(response, error),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(request: IncomingMessage, alarms: () => readonly AlarmNow[]): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const target = String(request.headers['x-amz-target'] ?? '');
  if (target !== `${TARGET}DescribeAlarms`) throw new Refused('UnknownOperationException', `${target} is not known here`);
  return describeAlarms(JSON.parse(Buffer.concat(chunks).toString() || '{}'), alarms());
}

function describeAlarms(
  { AlarmNames, AlarmNamePrefix, AlarmTypes, StateValue, MaxRecords, NextToken, ...more }: Input,
  alarms: readonly AlarmNow[],
) {
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) throw new Refused('InvalidParameterValue', `${unknown} is not known here`);
  const most = MaxRecords ?? RECORDS_DEFAULT;
  if (!(most >= 1 && most <= RECORDS_MAX)) throw new Refused('InvalidParameterValue', 'MaxRecords must be 1 to 100');
  if ((AlarmNames?.length ?? 0) > NAMES_MAX) throw new Refused('InvalidParameterValue', 'AlarmNames must be at most 100');
  if (AlarmNames && AlarmNamePrefix !== undefined)
    throw new Refused('InvalidParameterCombination', 'AlarmNames and AlarmNamePrefix exclude each other');
  const wanted = alarms
    .filter(({ name }) => AlarmNames?.includes(name) ?? name.startsWith(AlarmNamePrefix ?? ''))
    .filter(({ state }) => StateValue === undefined || state === StateValue)
    .filter(() => AlarmTypes?.includes('MetricAlarm') ?? true)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const rest = NextToken === undefined ? wanted : wanted.filter(({ name }) => name > nameIn(NextToken));
  const page = rest.slice(0, most);
  return {
    CompositeAlarms: [],
    MetricAlarms: page.map(metricAlarm),
    ...(rest.length > most ? { NextToken: Buffer.from(page.at(-1)!.name).toString('base64url') } : {}),
  };
}

interface Input {
  readonly AlarmNames?: readonly string[];
  readonly AlarmNamePrefix?: string;
  readonly AlarmTypes?: readonly string[];
  readonly StateValue?: string;
  readonly MaxRecords?: number;
  readonly NextToken?: string;
}

function nameIn(token: string): string {
  const name = Buffer.from(token, 'base64url').toString();
  if (Buffer.from(name).toString('base64url') !== token) throw new Refused('InvalidNextToken', 'NextToken is not one of a page');
  return name;
}

/** Times are seconds since 1970, as this protocol writes them. */
const metricAlarm = ({ name, description, state, reason, sinceMs }: AlarmNow) => ({
  AlarmName: name,
  AlarmArn: `arn:aws:cloudwatch:${LOCAL_REGION}:${LOCAL_ACCOUNT}:alarm:${name}`,
  AlarmDescription: description,
  ActionsEnabled: true,
  StateValue: state,
  StateReason: reason,
  StateUpdatedTimestamp: sinceMs / 1000,
  StateTransitionedTimestamp: sinceMs / 1000,
});

function refuse(response: ServerResponse, error: unknown): void {
  const { code, message } = error instanceof Refused ? error : { code: 'SerializationException', message: String(error) };
  response.setHeader('x-amzn-query-error', `${code};Sender`);
  respond(response, 400, { __type: `com.amazonaws.cloudwatch#${code}`, message });
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
}
