/**
 * Verifies ID tokens, as the gateway's own authorizer for HTTP does: signed by one of the issuer's keys, issued by it and for this venue,
 * not expired. The keys are fetched from where the issuer's OpenID configuration says, kept for the life of the process, and fetched anew
 * for a key that is not among them, at most once in half a minute.
 */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { ENV } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';

/** What the gateway's authorizer takes: signatures by RSA keys, which only the issuer can make. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512'];
const CONFIGURATION_MS_MAX = 3_000;

/** Faults of a token, or of who made it. Whatever else goes wrong is ours or the issuer's. */
const REFUSED = [
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSMultipleMatchingKeys,
  errors.JWKSNoMatchingKey,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
];

let keys: Promise<JWTVerifyGetKey> | undefined;

/** The claims of a token that is good at this instant; the name of the fault of one that is not. Throws when the issuer can't be asked. */
export async function verified(token: string, nowMs: number): Promise<JWTPayload | string> {
  keys ??= issuerKeys(required(ENV.issuer)).catch((error: unknown) => {
    keys = undefined;
    throw error;
  });
  try {
    const { payload } = await jwtVerify(token, await keys, {
      issuer: required(ENV.issuer),
      audience: required(ENV.audience).split(','),
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(nowMs),
    });
    return payload;
  } catch (error) {
    if (REFUSED.some((kind) => error instanceof kind)) return (error as errors.JOSEError).code;
    throw error;
  }
}

async function issuerKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(CONFIGURATION_MS_MAX) });
  if (!answer.ok) throw new Error(`the issuer answers ${answer.status} for its configuration`);
  const { jwks_uri: uri } = (await answer.json()) as { jwks_uri?: unknown };
  if (typeof uri !== 'string') throw new Error("the issuer's configuration does not say where its keys are");
  return createRemoteJWKSet(new URL(uri));
}
