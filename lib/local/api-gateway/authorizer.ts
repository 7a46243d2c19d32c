/**
 * API Gateway's JWT authorizer for HTTP APIs: the signature, then issuer, audience, times and scopes, then the claims as the
 * function will see them. Times are checked on the movable clock; a good signature is remembered, since it stays good.
 *
 * Source: Amazon API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers": `aud`, or `client_id` when
 * there is no `aud`, must match; `exp` must be after, `nbf` and `iat` before now; one of the route's scopes must be in
 * `scope` or `scp`.
 */
import { compactVerify, type JWTPayload } from 'jose';
import type { Clock } from '../host/clock.ts';
import type { AuthorizerPlan } from '../template/plan.ts';
import type { Identity } from './issuer.ts';

export interface Authorized {
  readonly claims: Readonly<Record<string, string>>;
  readonly scopes: readonly string[] | null;
}

/** `401` for a token that is not good, `403` for a good one without the scope. */
export type Authorize = (
  header: string | undefined,
  plan: AuthorizerPlan,
  scopes: readonly string[],
) => Promise<Authorized | 401 | 403>;

const REMEMBERED_MAX = 10_000;

export function startAuthorizer(identity: Identity, clock: Clock): Authorize {
  const remembered = new Map<string, JWTPayload>();

  const payloadOf = async (token: string): Promise<JWTPayload | undefined> => {
    const known = remembered.get(token);
    if (known !== undefined) return known;
    try {
      const { payload, protectedHeader } = await compactVerify(token, identity.publicKey, { algorithms: ['RS256'] });
      if (protectedHeader.kid !== identity.keyId) return undefined;
      const claims = JSON.parse(new TextDecoder().decode(payload)) as JWTPayload;
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      remembered.set(token, claims);
      return claims;
    } catch {
      return undefined;
    }
  };

  return async (header, plan, required) => {
    const claims = header === undefined ? undefined : await payloadOf(header.replace(/^Bearer\s+/i, ''));
    if (claims === undefined || !isCurrent(claims, clock.now() / 1000)) return 401;
    if (claims.iss !== identity.issuer || !isMeant(claims, plan.audience)) return 401;
    const granted = scopesOf(claims);
    if (required.length > 0 && !required.some((scope) => granted?.includes(scope))) return 403;
    return { claims: flatten(claims), scopes: required.length > 0 ? granted : null };
  };
}

function isCurrent({ exp, nbf, iat }: JWTPayload, nowSeconds: number): boolean {
  return typeof exp === 'number' && exp > nowSeconds && (nbf ?? 0) <= nowSeconds && (iat ?? 0) <= nowSeconds;
}

function isMeant(claims: JWTPayload, audience: readonly string[]): boolean {
  const meant = claims.aud ?? claims.client_id;
  return (Array.isArray(meant) ? meant : [meant]).some((one) => typeof one === 'string' && audience.includes(one));
}

function scopesOf(claims: JWTPayload): string[] | null {
  const scopes = claims.scope ?? claims.scp;
  if (typeof scopes === 'string') return scopes.split(' ');
  return Array.isArray(scopes) ? scopes.map(String) : null;
}

/** The gateway gives every claim as a string, a list as its elements in brackets. */
export function flatten(claims: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(' ')}]` : typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
}
