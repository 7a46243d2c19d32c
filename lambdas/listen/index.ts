/**
 * Listen: notes a listener as it connects, forgets it as it leaves, and answers whatever it sends with the numbers as they are now. So a
 * client learns after each connect whether it has missed something, and keeps its connection alive by asking. What it sends is not read.
 */
import type { APIGatewayEventWebsocketRequestContextV2, APIGatewayProxyResultV2 } from 'aws-lambda';
import { LISTENING_PROTOCOL, type Told } from '../../lib/api/listening.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { Connections } from '../../lib/store/connections.ts';
import { accountListened, forget, isOver, type Listener, place, readListener } from '../../lib/store/listeners.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { ListenerContext } from '../authorize-listener/index.ts';
import { type Backends, checkShards, openBackends } from '../backends.ts';
import { RequestRate } from '../http/rate.ts';
import { type Headers, protocolsIn } from '../listening/headers.ts';
import { addressOf } from './address.ts';

interface ListenEvent {
  readonly requestContext: APIGatewayEventWebsocketRequestContextV2 & {
    /** What the authorizer has found, on connect, as text. */
    readonly authorizer?: Readonly<Partial<Record<keyof ListenerContext, string>>>;
    readonly identity: { readonly sourceIp: string };
  };
  readonly multiValueHeaders?: Headers;
}
type Answer = Exclude<APIGatewayProxyResultV2, string>;

/** A client has to send something every ten minutes; this is for one that has lost its count. */
const MESSAGES_PER_MINUTE = 60;
const ATTEMPTS_MAX = 3;
const DONE: Answer = { statusCode: 200 };

const rate = new RequestRate(MESSAGES_PER_MINUTE);
let opened: Connections | undefined;
const connections = (): Connections => {
  opened ??= new Connections();
  return opened;
};

export async function handler(event: ListenEvent): Promise<Answer> {
  const backends = openBackends(ATTEMPTS_MAX);
  await checkShards(backends);
  switch (event.requestContext.routeKey) {
    case '$connect':
      return connect(backends, event);
    case '$disconnect':
      return disconnect(backends, event);
    default:
      return answer(backends, event);
  }
}

async function connect({ table, shards, logger }: Backends, event: ListenEvent): Promise<Answer> {
  const { connectionId: connection, requestTimeEpoch, identity, authorizer } = event.requestContext;
  const offered = protocolsIn(event.multiValueHeaders ?? null);
  if (offered.length > 0 && !offered.includes(LISTENING_PROTOCOL)) return { statusCode: 400 };
  const name = authorizer?.account ?? addressOf(identity.sourceIp);
  const until = authorizer?.until === undefined ? undefined : Number(authorizer.until);
  const listener: Listener = { name, connection, until };
  const placed = await place(table, shards, listener, requestTimeEpoch, (other) => connections().isGone(other));
  logger.info(placed ? 'listener connected' : 'listener has too many connections', { listener: name, connection });
  if (placed === undefined) return { statusCode: 429 };
  return offered.length > 0 ? { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': LISTENING_PROTOCOL } } : DONE;
}

async function disconnect({ table, shards }: Backends, { requestContext: { connectionId } }: ListenEvent): Promise<Answer> {
  const listener = await readListener(table, connectionId);
  if (listener) await forget(table, shards, listener);
  return DONE;
}

/** A connection that is not known, whose token has expired, or that asks too often is ended. */
async function answer(backends: Backends, { requestContext }: ListenEvent): Promise<Answer> {
  const { connectionId, requestTimeEpoch } = requestContext;
  const { table, shards, logger } = backends;
  const listener = await readListener(table, connectionId);
  const why = !listener
    ? 'not known'
    : isOver(listener, requestTimeEpoch)
      ? 'token expired'
      : (await rate.leftTo(backends, `listener#${connectionId}`, requestTimeEpoch)) >= 0
        ? undefined
        : 'asks too often';
  if (why === undefined) return { statusCode: 200, body: JSON.stringify(await now(backends, listener!)) };
  logger.info('listener ended', { why, listener: listener?.name, connection: connectionId });
  if (listener) await forget(table, shards, listener);
  await connections().close(connectionId);
  return DONE;
}

async function now({ table, shards }: Backends, listener: Listener): Promise<Told> {
  const account = accountListened(listener);
  const [venue, state] = await Promise.all([
    loadVenue(table),
    account === undefined ? undefined : readAccount(table, account, shards),
  ]);
  const products = Object.values(venue.products).map(({ product, lastAuction, settledOn, closedOn }) => ({
    product,
    auction: lastAuction,
    settled: settledOn,
    closed: closedOn,
  }));
  return { now: { ...(account === undefined ? {} : { account: { seq: state?.applied ?? 0 } }), products } };
}
