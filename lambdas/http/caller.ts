/**
 * The caller, as the gateway's authorizer has verified the token. The token is the only source: nothing in a path, a query
 * or a body names the caller's account or makes the caller an operator.
 */
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import { ENV } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';
import { ACCOUNT_ID } from './accounts.ts';
import { Problem } from './problems.ts';

type Event = APIGatewayProxyEventV2WithJWTAuthorizer;

/** The account that the token trades for. */
export function accountOf(event: Event): string | Problem {
  const account = claim(event, required(ENV.accountClaim));
  return typeof account === 'string' && ACCOUNT_ID.test(account)
    ? account
    : new Problem('no-account', 'the token has no claim that names an account');
}

/** The operator's identity. */
export function operatorOf(event: Event): string | Problem {
  const subject = subjectOf(event);
  const isOperator = groupsOf(claim(event, required(ENV.groupsClaim))).includes(required(ENV.operatorGroup));
  return isOperator && subject !== undefined
    ? subject
    : new Problem('not-an-operator', 'the token is not in the group of operators');
}

export function subjectOf(event: Event): string | undefined {
  const subject = claim(event, 'sub');
  return typeof subject === 'string' && subject !== '' ? subject : undefined;
}

function claim(event: Event, name: string): unknown {
  const claims = event.requestContext.authorizer?.jwt?.claims ?? {};
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** An HTTP API hands a list over as the text "[a b]". */
function groupsOf(claimed: unknown): string[] {
  if (Array.isArray(claimed)) return claimed.map(String);
  return typeof claimed === 'string' ? claimed.replace(/^\[(.*)\]$/s, '$1').split(/[\s,]+/) : [];
}
