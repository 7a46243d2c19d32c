/**
 * The local issuer of tokens, in place of Cognito or whatever issuer the template names: a key of its own, published as any
 * OpenID provider publishes it, and `mint`, which gives a token to any caller. The claims are those of a Cognito ID token.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importJWK,
  importPKCS8,
  type JWK,
  SignJWT,
} from 'jose';
import type { Clock } from '../host/clock.ts';
import { LocalCloudError } from '../host/error.ts';
import { createWhole } from '../host/whole-file.ts';

export interface TokenRequest {
  /** The user. */
  readonly sub: string;
  /** The user's own attributes, each a claim `custom:<name>`. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly groups?: readonly string[];
  /** Seconds until it expires; an hour unless given. */
  readonly expiresIn?: number;
  /** Further claims, which also replace the ones above. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface Identity {
  readonly issuer: string;
  /** What the issuer publishes, by path below it. */
  readonly documents: Readonly<Record<string, unknown>>;
  readonly publicKey: CryptoKey;
  readonly keyId: string;
  mint(request: TokenRequest): Promise<string>;
}

export interface IdentityOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly clock: Clock;
  /** Keeps the key here, so that tokens outlive a restart. */
  readonly dataDir?: string | undefined;
}

const ALGORITHM = 'RS256';

export async function startIdentity({ issuer, audience, clock, dataDir }: IdentityOptions): Promise<Identity> {
  const privateKey = await keyIn(dataDir);
  const { n, e } = (await exportJWK(privateKey)) as { n: string; e: string };
  const keyId = await calculateJwkThumbprint({ kty: 'RSA', n, e });
  const published: JWK = { kty: 'RSA', n, e, kid: keyId, alg: ALGORITHM, use: 'sig' };
  return {
    issuer,
    keyId,
    publicKey: (await importJWK(published, ALGORITHM)) as CryptoKey,
    documents: {
      '/.well-known/openid-configuration': {
        issuer,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        response_types_supported: ['token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [ALGORITHM],
      },
      '/.well-known/jwks.json': { keys: [published] },
    },
    mint({ sub, attributes = {}, groups, expiresIn = 3_600, claims = {} }) {
      const nowSeconds = Math.floor(clock.now() / 1000);
      return new SignJWT({
        token_use: 'id',
        ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`custom:${name}`, value])),
        ...(groups === undefined ? {} : { 'cognito:groups': groups }),
        iss: issuer,
        aud: audience,
        sub,
        iat: nowSeconds,
        auth_time: nowSeconds,
        exp: nowSeconds + expiresIn,
        ...claims,
      })
        .setProtectedHeader({ alg: ALGORITHM, kid: keyId })
        .sign(privateKey);
    },
  };
}

async function keyIn(dataDir: string | undefined): Promise<CryptoKey> {
  const file = dataDir === undefined ? undefined : join(dataDir, 'issuer-key.pem');
  if (file !== undefined) {
    const pem = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (pem !== undefined) {
      return importPKCS8(pem, ALGORITHM, { extractable: true }).catch((cause: unknown) => {
        throw new LocalCloudError(
          `The issuer's key in ${file} is damaged`,
          'Delete that file; tokens made with it stop working.',
          { cause },
        );
      });
    }
  }
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  if (file !== undefined) createWhole(file, await exportPKCS8(privateKey), 0o600);
  return privateKey;
}
