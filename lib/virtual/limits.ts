/**
 * How much the services of the virtual cloud take at once: AWS's own figures, unless a world of another size is wanted. What
 * is beyond them is refused as the services refuse it, so what code does with a million orders at AWS it does with some hundred in a
 * world a hundredfold smaller.
 *
 * Source: Amazon SQS developer guide, "Message quotas"; AWS Lambda developer guide, "Lambda quotas"; Amazon API Gateway
 * developer guide, "Quotas for configuring and running an HTTP API".
 */
import { TABLE_LIMITS, type TableLimits } from './dynamodb/limits.ts';

export interface QueueLimits {
  /** Of a message, and of all the messages of a batch together. */
  readonly messageBytes: number;
  readonly batchEntries: number;
}

export interface Limits {
  readonly table: TableLimits;
  readonly queue: QueueLimits;
  /** What an invocation is given, and what it answers. */
  readonly payloadBytes: number;
  /** Of a request to the gateway. */
  readonly bodyBytes: number;
  /**
   * Milliseconds that a request of a function takes each way, and how many in a hundred are seconds late: how many of them fit into an
   * invocation follows from it and from the function's time-out.
   */
  readonly requestMs: { readonly least: number; readonly most: number; readonly latePercent: number };
}

export const AWS_LIMITS: Limits = {
  table: TABLE_LIMITS,
  queue: { messageBytes: 1024 * 1024, batchEntries: 10 },
  payloadBytes: 6 * 1024 * 1024,
  bodyBytes: 10 * 1024 * 1024,
  requestMs: { least: 1, most: 20, latePercent: 2 },
};
