/**
 * The names that code, template, metrics and runbook share: pipeline functions, queues, environment variables, table
 * attributes and metrics. Infrastructure imports this file and nothing else of the store.
 */

/** A function a folder of `lambdas/`, in the order of the pipeline; then the one that looks after all of it, and those of listeners. */
export const FUNCTIONS = [
  'participant-api',
  'statement-api',
  'market-api',
  'operator-api',
  'accept-orders',
  'close-auction',
  'clear-auction',
  'post-events',
  'roll-positions',
  'settle-day',
  'sweep-venue',
  'authorize-listener',
  'listen',
  'tell-listeners',
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/**
 * A queue a consumer: two functions on one queue would steal each other's messages, since SQS deletes what an event
 * filter rejects. The `.fifo` queues are grouped by product and shard (orders) and by shard (postings).
 */
export const QUEUES = {
  orders: { name: 'orders.fifo', consumer: 'accept-orders', url: 'ORDERS_QUEUE_URL' },
  closings: { name: 'closings', consumer: 'close-auction', url: 'CLOSINGS_QUEUE_URL' },
  clearings: { name: 'clearings', consumer: 'clear-auction', url: 'CLEARINGS_QUEUE_URL' },
  postings: { name: 'postings.fifo', consumer: 'post-events', url: 'POSTINGS_QUEUE_URL' },
  rolls: { name: 'rolls', consumer: 'roll-positions', url: 'ROLLS_QUEUE_URL' },
  'day-runs': { name: 'day-runs', consumer: 'settle-day', url: 'DAY_RUNS_QUEUE_URL' },
  sweeps: { name: 'sweeps', consumer: 'sweep-venue', url: 'SWEEPS_QUEUE_URL' },
  news: { name: 'news', consumer: 'tell-listeners', url: 'NEWS_QUEUE_URL' },
} as const satisfies Record<string, { name: string; consumer: FunctionName; url: string }>;
export type QueueName = keyof typeof QUEUES;

const FIFO = '.fifo';
/** `orders.fifo` -> `orders-dlq.fifo`, `closings` -> `closings-dlq`. */
export const deadLettersName = (queueName: string): string =>
  queueName.endsWith(FIFO) ? `${queueName.slice(0, -FIFO.length)}-dlq${FIFO}` : `${queueName}-dlq`;
/** What the schedules could not deliver. */
export const SCHEDULES_DEAD_LETTERS = 'schedules-dlq';

/** Environment variables besides the queue addresses above. */
export const ENV = {
  table: 'TABLE_NAME',
  /** How many shards the accounts in the table are spread over. */
  shards: 'SHARDS',
  /** By product, the times of its intraday auctions, `HH:MM` in its time zone: none may be missed, nor come after the day run. */
  auctionTimes: 'AUCTION_TIMES',
  /** How often a message is received before its queue moves it to the dead letters. */
  receivesMax: 'RECEIVES_MAX',
  /** JWT claim that holds the account a participant trades for. */
  accountClaim: 'ACCOUNT_CLAIM',
  /** JWT claim that lists the caller's groups, and the group of each role on the operator's side. */
  groupsClaim: 'GROUPS_CLAIM',
  viewerGroup: 'VIEWER_GROUP',
  operatorGroup: 'OPERATOR_GROUP',
  approverGroup: 'APPROVER_GROUP',
  /** What the claim `token_use` must say; not set for an issuer whose tokens need not have it. */
  tokenUse: 'TOKEN_USE',
  /** Who issues tokens, and for whom they must be: a list with commas. For the function that verifies them itself. */
  issuer: 'ISSUER',
  audience: 'AUDIENCE',
  /** Address of the WebSocket API that listeners connect to. */
  listenersUrl: 'LISTENERS_URL',
  /** Requests that an API takes of one caller in a minute. */
  requestsPerMinute: 'REQUESTS_PER_MINUTE',
  /** Cents of cash that an operator may move alone on a day. */
  cashAloneCents: 'CASH_ALONE_CENTS',
  /** The names of the venue's alarms, with commas between them. */
  alarms: 'ALARMS',
} as const;

/** Attributes of the one table that the engine itself must know. */
export const TABLE = { partitionKey: 'pk', sortKey: 'sk', expiresAt: 'expiresAt' } as const;

/** What the functions measure, in embedded metric format; `sweep` values are measured by sweep-venue on its schedule. */
export const METRICS = {
  namespace: 'ComputeExchange',
  /** Value of the dimension `service` that powertools puts on every metric. */
  service: 'exchange',
  /** sweep: seconds since the oldest auction was due that has not cleared, or that was never held. */
  auctionLate: 'AuctionLateSeconds',
  /** sweep: log events that the slowest shard has not posted; the alarm waits for two sweeps in a row. */
  postingBehind: 'PostingBehindEvents',
  /** sweep: seconds since the oldest day run was due that has not finished. */
  dayRunLate: 'DayRunLateSeconds',
  /** sweep, and when it happens: things held for approval. */
  held: 'HeldForApproval',
  /** Margin calls of a product that are overdue, whenever they are looked at; 0 by the sweep when no product has any. */
  callsOverdue: 'MarginCallsOverdue',
  /** Months that an auction locked at the edges of the widest band there is, so that it widens no more. */
  lockedAtStop: 'MonthsLockedAtStop',
  /** 1 when a posting run does not sum to zero and the venue is halted. */
  outOfBalance: 'VenueOutOfBalance',
  /** accept, when it happens: an owner may come to hold more than the level that is reported. */
  reported: 'ReportedPositions',
  /** sweep: always 1, the sign of life of the sweep itself. */
  sweep: 'SweepHeartbeat',
} as const;

/** What a schedule puts into a queue. `<aws.scheduler.scheduled-time>` becomes the due instant, so time is an argument. */
export const SCHEDULED_TIME = '<aws.scheduler.scheduled-time>';
