/** A stack that is pointed at a restored table: every function reads and may touch that one, and none is made or deleted. */
import { expect, test } from 'vitest';
import { ENV, FUNCTIONS } from '../../lib/store/names.ts';
import { type FunctionProperties, synthesized } from './synthesized.ts';

test('functions are given the restored table, by name and by right, and the stack has no table of its own', () => {
  const own = synthesized();
  const restored = synthesized({ table: 'venue-restored' });
  expect(own.of('AWS::DynamoDB::GlobalTable')).toHaveLength(1);
  // What falls out of the stack stays where it is.
  expect(own.of('AWS::DynamoDB::GlobalTable')[0]!.DeletionPolicy).toBe('Retain');
  expect(restored.of('AWS::DynamoDB::GlobalTable')).toEqual([]);
  const functions = restored.of<FunctionProperties>('AWS::Lambda::Function');
  expect(functions).toHaveLength(FUNCTIONS.length);
  for (const { Properties } of functions) expect(Properties.Environment.Variables[ENV.table]).toBe('venue-restored');
  const policies = restored.of('AWS::IAM::Policy').filter((policy) => JSON.stringify(policy).includes('dynamodb:'));
  // One function verifies tokens, and has no right to the table.
  expect(policies).toHaveLength(FUNCTIONS.length - 1);
  for (const policy of policies) expect(JSON.stringify(policy)).toContain(':table/venue-restored');
  expect(restored.outputs.TableName?.Value).toBe('venue-restored');
});
