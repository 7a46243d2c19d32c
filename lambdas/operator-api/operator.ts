/** The operator that calls: a token in the operators' group, known by its subject. */
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import { operatorOf } from '../http/caller.ts';
import { Problem } from '../http/problems.ts';
import type { Request } from '../http/request.ts';

export interface Operator {
  readonly operator: string;
}
export type OperatorRequest = Request<Operator>;

export async function identifyOperator(event: APIGatewayProxyEventV2WithJWTAuthorizer): Promise<Operator | Problem> {
  const operator = operatorOf(event);
  return operator instanceof Problem ? operator : { operator };
}
