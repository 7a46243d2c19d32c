/** A request of a function to one of its engines, as the proxy between them sees it, and the answer to it. */

export type Service = 'dynamodb' | 'sqs';

export interface ProxyRequest {
  readonly function: string;
  /** Which of the function's environments sent it. */
  readonly environment: number;
  readonly service: Service;
  /** Such as `PutItem` or `SendMessageBatch`. */
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a service answers, its body parsed. */
export interface ServiceAnswer {
  readonly status: number;
  readonly body: unknown;
}
