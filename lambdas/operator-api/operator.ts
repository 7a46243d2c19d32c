/** The operator that calls: a token in the operators' group, known by its subject. */
import type { Request } from '../http/request.ts';

export interface Operator {
  readonly operator: string;
}
export type OperatorRequest = Request<Operator>;
