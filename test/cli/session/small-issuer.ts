/**
 * A small OpenID issuer over HTTP: device authorization (RFC 8628), refresh tokens that are good once, revocation. A test is the
 * person in the browser.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** What the person does when the code is shown. */
export type Person = 'agrees' | 'refuses' | 'is away';

export interface SmallIssuer extends AsyncDisposable {
  readonly url: string;
  person: Person;
  /** Seconds that an ID token is good for. */
  tokenSeconds: number;
  /** Whether it has sign-in by device at all, and gives refresh tokens. */
  hasDevices: boolean;
  givesRefresh: boolean;
  /** Token requests that it has answered, by grant. */
  readonly grants: string[];
  readonly revoked: string[];
}

const CLIENT = 'exchange-cli';
/** Seconds; the standard's own default is 5. */
const INTERVAL = 0.05;

export async function startSmallIssuer(): Promise<SmallIssuer> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: SmallIssuer = {
    url,
    person: 'agrees',
    tokenSeconds: 3600,
    hasDevices: true,
    givesRefresh: true,
    grants: [],
    revoked: [],
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => server.close(() => closed())),
  };
  const answer = await answersOf(issuer);
  server.on('request', async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [status, body] = await answer(request.url!, new URLSearchParams(Buffer.concat(chunks).toString()));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  return issuer;
}

type Answers = (path: string, form: URLSearchParams) => Promise<[status: number, body: object]>;

async function answersOf(issuer: SmallIssuer): Promise<Answers> {
  const { url } = issuer;
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  const refreshable = new Set<string>();
  let count = 0;
  let asked = 0;
  const tokens = async (): Promise<object> => {
    count += 1;
    const idToken = await new SignJWT({ token_use: 'id', 'custom:account': 'acme', count })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(url)
      .setAudience(CLIENT)
      .setSubject('acme-trader')
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + issuer.tokenSeconds)
      .sign(privateKey);
    const refresh = `refresh-${count}`;
    refreshable.add(refresh);
    const renewable = issuer.givesRefresh ? { refresh_token: refresh } : {};
    return { access_token: 'opaque', token_type: 'Bearer', id_token: idToken, ...renewable };
  };
  const byDevice = async (): Promise<[number, object]> => {
    asked += 1;
    if (issuer.person === 'refuses') return [400, { error: 'access_denied' }];
    // The first two askings come before the person is done.
    if (issuer.person === 'is away' || asked <= 2) return [400, { error: 'authorization_pending' }];
    return [200, await tokens()];
  };
  return async (path, form) => {
    if (path === '/.well-known/openid-configuration') return [200, configuration(url, issuer.hasDevices)];
    if (path === '/jwks') return [200, { keys: [key] }];
    if (form.get('client_id') !== CLIENT) return [401, { error: 'invalid_client' }];
    if (path === '/device') {
      asked = 0;
      return [
        200,
        { device_code: 'd', user_code: 'WDJB-MJHT', verification_uri: `${url}/enter`, expires_in: 1, interval: INTERVAL },
      ];
    }
    if (path === '/revoke') {
      issuer.revoked.push(form.get('token')!);
      return [200, {}];
    }
    const grant = form.get('grant_type')!;
    issuer.grants.push(grant);
    if (grant !== 'refresh_token') return byDevice();
    return refreshable.delete(form.get('refresh_token')!) ? [200, await tokens()] : [400, { error: 'invalid_grant' }];
  };
}

const configuration = (url: string, hasDevices: boolean): object => ({
  issuer: url,
  jwks_uri: `${url}/jwks`,
  token_endpoint: `${url}/token`,
  revocation_endpoint: `${url}/revoke`,
  id_token_signing_alg_values_supported: ['RS256'],
  ...(hasDevices ? { device_authorization_endpoint: `${url}/device` } : {}),
});
