/**
 * Where a listener's token stands: in the protocols that it offers, for browsers, which can set no other header; or in `Authorization`.
 * Never in the address, which is logged. Header names come as the client wrote them.
 */
import { TOKEN_PROTOCOL } from '../../lib/api/listening.ts';

/** Values of headers by name, as the gateway lists them. */
export type Headers = Readonly<Record<string, readonly string[] | undefined>> | null;

/** The token; `undefined` without one, `'several'` when it is not clear which. */
export function broughtToken(headers: Headers): { readonly token: string } | 'several' | undefined {
  const authorizations = valuesOf(headers, 'authorization').map((value) => value.replace(/^Bearer +/i, ''));
  const offered = protocolsIn(headers).filter((protocol) => protocol.startsWith(TOKEN_PROTOCOL));
  const [token, second] = [...authorizations, ...offered.map((protocol) => protocol.slice(TOKEN_PROTOCOL.length))];
  if (token === undefined) return undefined;
  return second === undefined ? { token } : 'several';
}

/** The protocols that a client offers. */
export const protocolsIn = (headers: Headers): string[] =>
  valuesOf(headers, 'sec-websocket-protocol').flatMap((value) => value.split(',').map((protocol) => protocol.trim()));

const valuesOf = (headers: Headers, wanted: string): string[] =>
  Object.entries(headers ?? {}).flatMap(([name, values]) => (name.toLowerCase() === wanted ? (values ?? []) : []));
