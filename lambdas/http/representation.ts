/**
 * An answer as the bytes that are sent: JSON or a document, small where the caller takes gzip, and with a strong
 * validator, so that what a caller has already is not sent again (RFC 9110, sections 8.8.3 and 13.1.2).
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { DocumentBody, Status } from '../../lib/api/route.ts';

/** Something else than JSON, to be answered as it is. */
export class Document implements DocumentBody {
  readonly type: string;
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;

  /** With `name`, a browser saves it under that. */
  constructor(
    type: string,
    content: string | Uint8Array,
    { name, headers = {} }: { readonly name?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    this.type = type;
    this.bytes = Buffer.from(content);
    this.headers = { ...headers, ...(name === undefined ? {} : { 'content-disposition': `attachment; filename="${name}"` }) };
  }
}

/** Less is as long when it is compressed. */
const COMPRESSED_BYTES_MIN = 1024;
/** The gateway hands a body over as text, and what is none in base64; a function may answer six million bytes in all. */
const GZIP_LEVEL = 4;
const SECONDS_OF_A_YEAR = 31_536_000;

type Event = APIGatewayProxyEventV2WithJWTAuthorizer;

/** The HTTP answer, with `headers` beside its own. */
export function represent(
  event: Event,
  { status, body, immutable = false }: { readonly status: Status; readonly body?: unknown; readonly immutable?: boolean },
  headers: Record<string, string>,
): APIGatewayProxyStructuredResultV2 {
  if (body === undefined) return { statusCode: status, headers: { ...headers, 'cache-control': 'no-store' } };
  const document = body instanceof Document ? body : new Document('application/json', JSON.stringify(body));
  const isRead = event.requestContext.http.method === 'GET';
  const encoding = document.bytes.length >= COMPRESSED_BYTES_MIN && takesGzip(event) ? 'gzip' : undefined;
  const own: Record<string, string> = {
    ...headers,
    'cache-control': isRead ? caching(event, immutable) : 'no-store',
    vary: 'accept-encoding, authorization',
  };
  if (isRead && status === 200) {
    // Each encoding is a representation of its own, and a strong validator tells them apart.
    own.etag = `"${hashOf(document.bytes)}${encoding ? `-${encoding}` : ''}"`;
    if (isKnown(event.headers['if-none-match'], own.etag)) return { statusCode: 304, headers: own };
  }
  own['content-type'] = document.type;
  Object.assign(own, document.headers);
  if (encoding === undefined) {
    const isText = !(body instanceof Document) || document.type.startsWith('text/');
    return isText
      ? { statusCode: status, headers: own, body: document.bytes.toString('utf8') }
      : { statusCode: status, headers: own, body: document.bytes.toString('base64'), isBase64Encoded: true };
  }
  own['content-encoding'] = encoding;
  const small = gzipSync(document.bytes, { level: GZIP_LEVEL });
  return { statusCode: status, headers: own, body: small.toString('base64'), isBase64Encoded: true };
}

/** What needs no token any cache may keep; the rest is the caller's own. What may change is asked about each time. */
function caching(event: Event, immutable: boolean): string {
  const whose = event.requestContext.authorizer ? 'private' : 'public';
  return immutable ? `${whose}, max-age=${SECONDS_OF_A_YEAR}, immutable` : `${whose}, no-cache`;
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64url').slice(0, 27);

const takesGzip = ({ headers }: Event): boolean =>
  (headers['accept-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .some((each) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0{1,3})?\s*$).*)?$/.test(each));

/** Of a list, or `*`, by the weak comparison: whether what the caller has is as good. */
const isKnown = (given = '', etag: string): boolean =>
  given
    .split(',')
    .map((each) => each.trim().replace(/^W\//, ''))
    .some((each) => each === etag || each === '*');
