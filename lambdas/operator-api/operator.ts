/** The person on the operator's side: known by the subject of the token, with the roles that the token's groups give. */

import type { OPERATOR } from '../../lib/api/operator.ts';
import { type Access, ROLES_FOR, type Role } from '../../lib/api/route.ts';
import type { NotedAct, Noting } from '../../lib/domain/clearing/noted-acts.ts';
import { Problem } from '../http/problems.ts';
import { type Request, receivedAt } from '../http/request.ts';
import type { Handlers } from '../http/routes.ts';

export interface Operator {
  readonly operator: string;
  readonly roles: ReadonlySet<Role>;
}
export type OperatorRequest = Request<Operator>;
/** What answers each operation. */
export type Answers = Handlers<typeof OPERATOR, Operator>;

/** Why a person may not use a route: it is for roles that the person has none of. */
export function refuseRole({ roles }: Operator, access: Access): Problem | undefined {
  const wanted: readonly Role[] = Object.hasOwn(ROLES_FOR, access) ? ROLES_FOR[access as keyof typeof ROLES_FOR] : [];
  if (wanted.some((role) => roles.has(role))) return undefined;
  return new Problem('role-needed', `the route is for ${wanted.map((role) => `the role ${role}`).join(' or ')}`);
}

/** What an operator does by this request, to be noted together with it. */
export const noteOf = (request: OperatorRequest, what: Noting): NotedAct => ({
  at: receivedAt(request),
  by: request.caller.operator,
  request: request.event.requestContext.requestId,
  what,
});
