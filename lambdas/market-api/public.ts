/**
 * Callers without a name: what they are told is the same for all, and their requests are counted by the address that they come from.
 */
import { isIPv6 } from 'node:net';
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import type { MARKET } from '../../lib/api/public.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { Problem } from '../http/problems.ts';
import { listedProduct } from '../http/products.ts';
import type { Request } from '../http/request.ts';
import type { Handlers } from '../http/routes.ts';

export interface Public {
  /** What requests are counted by. */
  readonly address: string;
}
export type PublicRequest = Request<Public>;
/** What answers each operation. */
export type Answers = Handlers<typeof MARKET, Public>;

/** The half of an IPv6 address that a caller is given; the other half it chooses (RFC 4291, 2.5.1), and would be another caller each time. */
const NETWORK_GROUPS = 4;
const GROUPS = 8;

/** The address that a request came from, as the gateway has it; of IPv6 the network alone. */
export function addressOf({ requestContext }: APIGatewayProxyEventV2WithJWTAuthorizer): string {
  const { sourceIp } = requestContext.http;
  return isIPv6(sourceIp) ? networkOf(sourceIp) : sourceIp;
}

function networkOf(address: string): string {
  const [mapped] = /(?<=^::ffff:)\d+\.\d+\.\d+\.\d+$/i.exec(address) ?? [];
  if (mapped) return mapped;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const [first, last] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = tail === undefined ? 0 : GROUPS - first!.length - last!.length;
  const groups = [...first!, ...Array.from({ length: zeros }, () => '0'), ...last!];
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::`;
}

/** A product as of the newest event. */
export const productOf = async ({ backends }: PublicRequest, product: string): Promise<ProductState | Problem> =>
  listedProduct(await loadVenue(backends.table), product);
