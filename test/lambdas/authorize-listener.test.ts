/** Which listeners are let in, and as whom: the function itself, against an issuer that publishes its keys. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LISTENING_PROTOCOL, TOKEN_PROTOCOL } from '../../lib/api/listening.ts';
import { type Identity, startIdentity } from '../../lib/local/api-gateway/issuer.ts';
import { frozenClock } from '../../lib/local/host/clock.ts';
import { ENV } from '../../lib/store/names.ts';

const NOW = Date.parse('2025-10-20T14:00:00Z');
const ARN = 'arn:aws:execute-api:us-east-1:000000000000:local/listen/$connect';
let server: Server;
let identity: Identity;
let handler: typeof import('../../lambdas/authorize-listener/index.ts').handler;
/** The issuer answers with it, instead of its documents. */
let failing: number | undefined;

beforeAll(async () => {
  server = createServer((request, answer) => {
    const document = identity.documents[request.url!.replace('/issuer', '')];
    answer.writeHead(failing ?? (document ? 200 : 404), { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/issuer`;
  identity = await startIdentity({ issuer, audience: 'client', clock: frozenClock(NOW) });
  Object.assign(process.env, {
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    [ENV.issuer]: issuer,
    [ENV.audience]: 'other,client',
    [ENV.accountClaim]: 'custom:account',
    [ENV.tokenUse]: 'id',
  });
  ({ handler } = await import('../../lambdas/authorize-listener/index.ts'));
});
afterAll(() => server.close());

/** What the function says to a listener that connects with these headers. */
async function ask(multiValueHeaders: Record<string, string[]>) {
  const requestContext = { requestTimeEpoch: NOW, identity: { sourceIp: '192.0.2.1' } };
  const event = { type: 'REQUEST', methodArn: ARN, multiValueHeaders, requestContext } as unknown;
  const { policyDocument, context } = await handler(event as APIGatewayRequestAuthorizerEvent);
  const [statement] = policyDocument.Statement as { Effect: string; Resource: string }[];
  expect(statement!.Resource).toBe(ARN);
  return { effect: statement!.Effect, context };
}

const offering = (token: string) => ({ 'Sec-WebSocket-Protocol': [`${LISTENING_PROTOCOL}, ${TOKEN_PROTOCOL}${token}`] });
const mint = (claims: Record<string, unknown> = {}, expiresIn = 3_600) =>
  identity.mint({ sub: 'ann', attributes: { account: 'ann' }, expiresIn, claims });
const CLAIMS = () => ({
  sub: 'ann',
  iss: identity.issuer,
  aud: 'client',
  token_use: 'id',
  'custom:account': 'ann',
  exp: NOW / 1000 + 60,
});

describe('a listener', () => {
  it('with a good token listens for its account until the token expires, whichever header it stands in', async () => {
    const token = await mint();
    const good = { effect: 'Allow', context: { account: 'ann', until: NOW / 1000 + 3_600 } };
    expect(await ask(offering(token))).toEqual(good);
    expect(await ask({ 'sec-websocket-protocol': [LISTENING_PROTOCOL, `${TOKEN_PROTOCOL}${token}`] })).toEqual(good);
    expect(await ask({ Authorization: [`Bearer ${token}`] })).toEqual(good);
    expect(await ask({ authorization: [token] })).toEqual(good);
  });

  it('without a token is let in for no account', async () => {
    expect(await ask({})).toEqual({ effect: 'Allow', context: {} });
    expect(await ask({ 'Sec-WebSocket-Protocol': [LISTENING_PROTOCOL] })).toEqual({ effect: 'Allow', context: {} });
  });

  it.each<[string, () => Promise<Record<string, string[]>>]>([
    ['that is expired', async () => offering(await mint({}, 0))],
    ['of another issuer', async () => offering(await mint({ iss: 'https://example.com' }))],
    ['for another audience', async () => offering(await mint({ aud: 'another' }))],
    ['for no audience', async () => offering(await mint({ aud: undefined }))],
    ['that never expires', async () => offering(await mint({ exp: undefined }))],
    ['that is not valid yet', async () => offering(await mint({ nbf: NOW / 1000 + 60 }))],
    ['that is an access token', async () => offering(await mint({ token_use: 'access' }))],
    ['that does not say what it is for', async () => offering(await mint({ token_use: undefined }))],
    ['without an account', async () => offering(await mint({ 'custom:account': undefined }))],
    ['with two accounts', async () => offering(await mint({ 'custom:account': ['ann', 'bob'] }))],
    ['with an account that is no name of one', async () => offering(await mint({ 'custom:account': '@127-0-0-1' }))],
    ['that is not one', async () => offering('abc')],
    ['that is empty', async () => offering('')],
    ['that is changed', async () => offering(`${(await mint()).slice(0, -6)}AAAAAA`)],
    ['with the algorithm "none"', async () => offering(new UnsecuredJWT(CLAIMS()).encode())],
    ['signed with another key', async () => offering(await forged('RS256', identity.keyId))],
    ['signed with a key that the issuer does not have', async () => offering(await forged('RS256', 'another'))],
    ['signed with the public key as a secret', async () => offering(await signedBySecret())],
    ['twice', async () => ({ ...offering(await mint()), Authorization: [await mint()] })],
    ['and another', async () => ({ Authorization: [await mint(), await mint({ 'custom:account': 'bob' })] })],
  ])('with a token %s is refused', async (_title, headers) => {
    expect(await ask(await headers())).toEqual({ effect: 'Deny', context: {} });
  });

  it('is not let in while the issuer can not be asked for its keys; that is a failure, and it is asked again', async () => {
    vi.resetModules();
    ({ handler } = await import('../../lambdas/authorize-listener/index.ts'));
    failing = 503;
    await expect(ask(offering(await mint()))).rejects.toThrow('503');
    failing = undefined;
    expect(await ask(offering(await mint()))).toMatchObject({ effect: 'Allow' });
  });
});

async function forged(alg: string, kid: string): Promise<string> {
  const { privateKey } = await generateKeyPair(alg);
  return new SignJWT(CLAIMS()).setProtectedHeader({ alg, kid }).sign(privateKey);
}

/** A verifier that takes the key's own word for the algorithm would take this. */
async function signedBySecret(): Promise<string> {
  const { keys } = identity.documents['/.well-known/jwks.json'] as { keys: object[] };
  return new SignJWT(CLAIMS())
    .setProtectedHeader({ alg: 'HS256', kid: identity.keyId })
    .sign(Buffer.from(JSON.stringify(keys[0])));
}
