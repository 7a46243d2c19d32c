/** What DynamoDB takes at once. Source: Amazon DynamoDB developer guide, "Service, account, and table quotas". */

export interface TableLimits {
  readonly itemBytes: number;
  /** A page of a query ends with the item that passes it. */
  readonly pageBytes: number;
  readonly transactionItems: number;
  readonly transactionBytes: number;
  readonly batchWriteItems: number;
  readonly batchWriteBytes: number;
  readonly batchGetItems: number;
  /** What a batch would give beyond it comes back as unprocessed. */
  readonly batchGetBytes: number;
}

export const TABLE_LIMITS: TableLimits = {
  itemBytes: 400 * 1024,
  pageBytes: 1024 * 1024,
  transactionItems: 100,
  transactionBytes: 4 * 1024 * 1024,
  batchWriteItems: 25,
  batchWriteBytes: 16 * 1024 * 1024,
  batchGetItems: 100,
  batchGetBytes: 16 * 1024 * 1024,
};
