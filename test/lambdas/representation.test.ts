/** Answers as they are sent: validators, caching, compression, documents. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Document, represent } from '../../lambdas/http/representation.ts';
import { gatewayEvent, trader } from '../venue/requests.ts';

const LONG = { items: Array.from({ length: 200 }, (_, at) => ({ seq: at, kind: 'cash-moved' })) };
const eventOf = (headers: Record<string, string> = {}, route = 'GET /v1/journal') =>
  gatewayEvent(route, { claims: trader('acme'), headers });
const answer = (body: unknown, headers: Record<string, string> = {}, immutable = false) =>
  represent(eventOf(headers), { status: 200, body, immutable }, {});

describe('a validator', () => {
  test('is the same for the same answer, and another for another', () => {
    const [one, two, other] = [answer({ a: 1 }), answer({ a: 1 }), answer({ a: 2 })].map(({ headers }) => headers?.etag);
    expect(one).toMatch(/^"[\w-]{27}"$/);
    expect(two).toBe(one);
    expect(other).not.toBe(one);
  });

  test.each([
    ['alone', (etag: string) => etag, 304],
    ['in a list', (etag: string) => `"x", ${etag}`, 304],
    ['weak, as a proxy may have made it', (etag: string) => `W/${etag}`, 304],
    ['as a star', () => '*', 304],
    ['of another answer', () => '"x"', 200],
    ['cut short', (etag: string) => etag.slice(0, -2), 200],
    ['empty', () => '', 200],
  ])('that the caller has %s', (_, given, status) => {
    const etag = `${answer({ a: 1 }).headers?.etag}`;
    const again = answer({ a: 1 }, { 'if-none-match': given(etag) });
    expect(again.statusCode).toBe(status);
    expect(again.headers?.etag).toBe(etag);
    if (status === 304) expect(again.body).toBeUndefined();
  });

  test('tells what is compressed from what is not', () => {
    const [plain, small] = [answer(LONG), answer(LONG, { 'accept-encoding': 'gzip' })];
    expect(small.headers?.etag).not.toBe(plain.headers?.etag);
    const etag = `${small.headers?.etag}`;
    expect(answer(LONG, { 'accept-encoding': 'gzip', 'if-none-match': etag }).statusCode).toBe(304);
    expect(answer(LONG, { 'if-none-match': etag }).statusCode).toBe(200);
  });

  test('is not given to what was written', () => {
    const { headers } = represent(eventOf({}, 'POST /v1/submissions'), { status: 202, body: {} }, {});
    expect(headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(headers).not.toHaveProperty('etag');
  });
});

describe('caching', () => {
  test.each([
    ['what may change is asked about each time', false, 'private, no-cache'],
    ['what can never change need not be asked for again', true, 'private, max-age=31536000, immutable'],
  ])('%s', (_, immutable, control) => {
    expect(answer({}, {}, immutable).headers).toMatchObject({ 'cache-control': control, vary: 'accept-encoding, authorization' });
  });

  test('what needs no token may be kept by any cache', () => {
    const event = gatewayEvent('GET /v1/products', { address: '203.0.113.7' });
    const { headers } = represent(event, { status: 200, body: {}, immutable: true }, {});
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=31536000, immutable' });
  });
});

describe('compression', () => {
  test.each(['gzip', 'br, gzip', 'gzip;q=0.5', 'GZIP', '*', 'br;q=1.0, gzip;q=0.8, *;q=0.1'])('is done for %j', (accepts) => {
    const { headers, body, isBase64Encoded } = answer(LONG, { 'accept-encoding': accepts });
    expect([headers?.['content-encoding'], isBase64Encoded]).toEqual(['gzip', true]);
    expect(JSON.parse(gunzipSync(Buffer.from(`${body}`, 'base64')).toString())).toEqual(LONG);
  });

  test.each(['', 'br', 'gzip;q=0', 'gzip;q=0.000', 'x-gzip'])('is not done for %j', (accepts) => {
    const { headers, body } = answer(LONG, { 'accept-encoding': accepts });
    expect(headers).not.toHaveProperty('content-encoding');
    expect(JSON.parse(`${body}`)).toEqual(LONG);
  });

  test('is not worth it for what is short', () => {
    expect(answer({ a: 1 }, { 'accept-encoding': 'gzip' }).headers).not.toHaveProperty('content-encoding');
  });
});

test('a document goes as it is, under its name and with headers of its own', () => {
  const bytes = Buffer.from([0x25, 0x50, 0x44, 0x46, 0xff, 0x00]);
  const pdf = answer(new Document('application/pdf', bytes, { name: 'a.pdf' }));
  expect(pdf.headers).toMatchObject({ 'content-type': 'application/pdf', 'content-disposition': 'attachment; filename="a.pdf"' });
  expect(Buffer.from(`${pdf.body}`, 'base64').equals(bytes)).toBe(true);
  const page = answer(new Document('text/html', '<p>ä', { headers: { 'content-security-policy': "default-src 'none'" } }));
  expect(page).toMatchObject({ body: '<p>ä', headers: { 'content-security-policy': "default-src 'none'" } });
});
