/**
 * The caller, as the token says. Nothing in a path, a query or a body names the caller's account or makes the caller an
 * operator. The gateway's authorizer has verified the token, but hands its claims over as text, and a list as "[a b]": what
 * the issuer wrote as one text can look like that as well. So claims are read from the token's own payload, each as the one
 * type that it must have.
 */

import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import { ROLES, type Role } from '../../lib/api/route.ts';
import { VENUE_SENDER } from '../../lib/domain/auction/book-columns.ts';
import { isAccountId } from '../../lib/domain/contract/owner.ts';
import { ENV } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';
import { Problem } from './problems.ts';

type Event = APIGatewayProxyEventV2WithJWTAuthorizer;
export type Claims = Readonly<Record<string, unknown>>;

/** The account that the token trades for. */
export function accountOf(event: Event): string | Problem {
  const claims = claimsOf(event);
  if (claims instanceof Problem) return claims;
  const account = claim(claims, required(ENV.accountClaim));
  return typeof account === 'string' && isAccountId(account)
    ? account
    : new Problem('no-account', 'the token has no claim that names an account');
}

/** What a subject may be (OpenID Connect Core, 2): it becomes part of events, and of orders. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/;

/**
 * The operator id of the person or system that calls: the subject of the token. The venue's own id is no caller's, whatever an
 * issuer calls its users.
 */
export function senderOf(event: Event): string | Problem {
  const claims = claimsOf(event);
  if (claims instanceof Problem) return claims;
  const subject = claim(claims, 'sub');
  return typeof subject === 'string' && SUBJECT.test(subject) && subject !== VENUE_SENDER
    ? subject
    : new Problem('token-refused', 'the token has no subject that can stand on an order');
}

/** The person on the operator's side, of whichever roles. */
export function operatorOf(event: Event): string | Problem {
  const claims = claimsOf(event);
  if (claims instanceof Problem) return claims;
  const subject = claim(claims, 'sub');
  return rolesIn(claims).size > 0 && typeof subject === 'string' && SUBJECT.test(subject)
    ? subject
    : new Problem('not-an-operator', 'the token is in none of the groups of viewers, operators and approvers');
}

/** The roles of a caller; none of one whose token is not taken. */
export function rolesOf(event: Event): ReadonlySet<Role> {
  const claims = claimsOf(event);
  return claims instanceof Problem ? new Set() : rolesIn(claims);
}

const GROUPS = { viewer: ENV.viewerGroup, operator: ENV.operatorGroup, approver: ENV.approverGroup } as const;

function rolesIn(claims: Claims): ReadonlySet<Role> {
  const groups = claim(claims, required(ENV.groupsClaim));
  return new Set(ROLES.filter((role) => isInGroup(groups, required(GROUPS[role]))));
}

/** Either a list of texts with the group in it, or the group itself. */
const isInGroup = (claimed: unknown, group: string): boolean =>
  claimed === group || (Array.isArray(claimed) && claimed.every((each) => typeof each === 'string') && claimed.includes(group));

/** The subject as the gateway knows it: for the access log, which also names callers that are refused. */
export const subjectOf = (event: Event): string | undefined => {
  const subject = verifiedSubject(event);
  return typeof subject === 'string' && subject !== '' ? subject : undefined;
};

const verifiedSubject = (event: Event): unknown => claim(event.requestContext.authorizer?.jwt?.claims ?? {}, 'sub');

/** One token; a header sent twice reaches a function as one, joined by a comma. */
const TOKEN = /^(?:Bearer +)?[\w-]+\.([\w-]+)\.[\w-]+$/i;

function claimsOf(event: Event): Claims | Problem {
  const [, payload] = TOKEN.exec(event.headers.authorization ?? '') ?? [];
  const claims = payload === undefined ? undefined : parsed(payload);
  // What was verified must be what is read: of two tokens in a request, or two subjects in a token, the gateway may take the other.
  if (claims === undefined || claim(claims, 'sub') !== verifiedSubject(event))
    return new Problem('token-refused', 'send one token, as the one Authorization header');
  return isIdToken(claims) ? claims : new Problem('token-refused', 'this is an access token; send the ID token');
}

function parsed(payload: string): Claims | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}

/** Cognito says of every token what it is for; another issuer need not, and then its audience says it. */
export function isIdToken(claims: Claims): boolean {
  const use = claim(claims, 'token_use');
  return use === 'id' || (use === undefined && !process.env[ENV.tokenUse]);
}

export const claim = (claims: Claims, name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);
