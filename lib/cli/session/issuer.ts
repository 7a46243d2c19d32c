/**
 * Signing in at the issuer of tokens that the venue trusts, by device authorization: this program shows a code, the person
 * enters it in a browser, and the issuer gives an ID token, with a refresh token where it gives one.
 *
 * Source: OAuth 2.0 Device Authorization Grant, RFC 8628; OpenID Connect Discovery 1.0. The protocol is openid-client's.
 */
import * as openid from 'openid-client';
import { Failure } from '../terminal/failure.ts';
import type { Credentials } from './profiles.ts';
import { isLoopback, secureUrl } from './urls.ts';

export type IssuerCredentials = Extract<Credentials, { kind: 'issuer' }>;

export interface DeviceSignIn {
  readonly issuer: string;
  readonly clientId: string;
  /** Scopes, with spaces between them. */
  readonly scope: string;
  /** Shows where to enter which code. */
  readonly show: (uri: string, code: string, complete: string | undefined) => void;
}

const TIMEOUT_S = 10;

/** Waits until the person has agreed in the browser. Throws a Failure when they do not, or in time. */
export async function signInByDevice({ issuer, clientId, scope, show }: DeviceSignIn): Promise<IssuerCredentials> {
  const config = await discovered(issuer, clientId);
  if (config.serverMetadata().device_authorization_endpoint === undefined)
    throw new Failure(
      'usage',
      `The issuer ${issuer} has no sign-in by device`,
      'Get an ID token from it another way and give it to: compute-exchange sign-in --url URL --token-stdin',
    );
  const asked = await told(() => openid.initiateDeviceAuthorization(config, { scope }));
  show(asked.verification_uri, asked.user_code, asked.verification_uri_complete);
  const answer = await told(() => openid.pollDeviceAuthorizationGrant(config, asked));
  return credentialsOf(issuer, clientId, answer);
}

/** New tokens for old. Throws a Failure `not-signed-in` when the issuer gives none any more. */
export async function renewed(credentials: IssuerCredentials): Promise<IssuerCredentials> {
  const { issuer, clientId, refreshToken } = credentials;
  if (refreshToken === undefined) throw new Failure('not-signed-in', 'The token has expired', SIGN_IN);
  const config = await discovered(issuer, clientId);
  const answer = await told(() => openid.refreshTokenGrant(config, refreshToken));
  // An issuer that does not rotate refresh tokens gives none back, and the old one stays good.
  return credentialsOf(issuer, clientId, { ...answer, refresh_token: answer.refresh_token ?? refreshToken });
}

/** Takes the refresh token back where the issuer has a way to. */
export async function revoked({ issuer, clientId, refreshToken }: IssuerCredentials): Promise<void> {
  if (refreshToken === undefined) return;
  const config = await discovered(issuer, clientId);
  if (config.serverMetadata().revocation_endpoint === undefined) return;
  await told(() => openid.tokenRevocation(config, refreshToken, { token_type_hint: 'refresh_token' }));
}

const SIGN_IN = 'Sign in again: compute-exchange sign-in';

async function discovered(issuer: string, clientId: string): Promise<openid.Configuration> {
  const url = secureUrl(issuer, 'The issuer');
  return told(() =>
    openid.discovery(url, clientId, undefined, openid.None(), {
      timeout: TIMEOUT_S,
      // Only on this machine: there is no other way to have an issuer here.
      ...(isLoopback(url) ? { execute: [openid.allowInsecureRequests] } : {}),
    }),
  );
}

function credentialsOf(
  issuer: string,
  clientId: string,
  { id_token: token, refresh_token: refreshToken }: Pick<openid.TokenEndpointResponse, 'id_token' | 'refresh_token'>,
): IssuerCredentials {
  if (token === undefined)
    throw new Failure(
      'fault',
      `The issuer ${issuer} gave no ID token`,
      'The venue takes no other. Ask for it by --scope, as in "openid offline_access".',
    );
  return { kind: 'issuer', issuer, clientId, token, ...(refreshToken === undefined ? {} : { refreshToken }) };
}

/** What an issuer's errors mean to the person. */
async function told<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw failureOf(error);
  }
}

const BY_CODE: Readonly<Record<string, readonly [says: string, hint: string]>> = {
  access_denied: ['The sign-in was refused in the browser', SIGN_IN],
  expired_token: ['The code was not entered in time', SIGN_IN],
  invalid_grant: ['The issuer does not renew the token any more', SIGN_IN],
  invalid_client: ['The issuer does not know the client', 'Check --client-id.'],
  invalid_scope: ['The issuer does not give that scope', 'Check --scope.'],
};

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const cause = { cause: error };
  if (error instanceof openid.ResponseBodyError) {
    const [says, hint] = BY_CODE[error.error] ?? [`The issuer answered ${error.error}`, error.error_description ?? ''];
    return new Failure('not-signed-in', says, hint, {}, cause);
  }
  const { name, code, message } = error as Error & { code?: string };
  if (name === 'TimeoutError' || code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT')
    return new Failure('not-signed-in', 'The issuer did not answer in time, or the code was not entered', SIGN_IN, {}, cause);
  if (error instanceof TypeError) return new Failure('try-again', `The issuer can't be reached: ${message}`, '', {}, cause);
  return new Failure('fault', `The issuer answered what it should not: ${message}`, '', {}, cause);
}
