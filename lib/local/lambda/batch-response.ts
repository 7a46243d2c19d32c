/**
 * Which messages of a batch a function handed back. Lambda's reading is unforgiving: an answer it does not understand fails
 * the whole batch, so that a typing error in a handler never deletes a message.
 *
 * Source: AWS Lambda developer guide, "Implementing partial batch responses", success and failure conditions.
 */

/** The failed ids (a subset of `ids`); none when all succeeded. */
export function failedIds(answer: unknown, ids: readonly string[]): ReadonlySet<string> {
  const none: ReadonlySet<string> = new Set();
  const all: ReadonlySet<string> = new Set(ids);
  if (answer === null || answer === undefined) return none;
  if (typeof answer !== 'object' || Array.isArray(answer)) return all;
  const failures = (answer as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === null || failures === undefined) return none;
  if (!Array.isArray(failures)) return all;
  const failed = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id = (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    if (typeof id !== 'string' || !all.has(id)) return all;
    failed.add(id);
  }
  return failed;
}
