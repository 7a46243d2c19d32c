/** The operator that calls: a token in the operators' group, known by its subject. */
import type { OPERATOR } from '../../lib/api/routes.ts';
import type { Request } from '../http/request.ts';
import type { Handlers } from '../http/routes.ts';

export interface Operator {
  readonly operator: string;
}
export type OperatorRequest = Request<Operator>;
/** What answers each operation. */
export type Answers = Handlers<typeof OPERATOR, Operator>;
