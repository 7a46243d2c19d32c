/** Requests as the gateway hands them to a function once its authorizer has verified the token. */
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import type { Handler } from '../../lambdas/http/routes.ts';

export interface Asked {
  readonly claims?: Record<string, string>;
  readonly at?: number;
  readonly path?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  /** Text goes as it is; anything else as JSON. */
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
}

export interface Answered {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked at field by field
  readonly body: any;
}

/** 10:00 in New York on the Monday that the tests live in. */
export const NOW = Date.parse('2025-10-20T14:00:00Z');

export async function ask(handler: Handler, routeKey: string, asked: Asked = {}): Promise<Answered> {
  const answer = await handler(gatewayEvent(routeKey, asked));
  return {
    status: answer.statusCode!,
    headers: answer.headers ?? {},
    body: answer.body === undefined ? undefined : JSON.parse(answer.body),
  };
}

export function gatewayEvent(routeKey: string, asked: Asked): APIGatewayProxyEventV2WithJWTAuthorizer {
  const [method, rawPath] = routeKey.split(' ') as [string, string];
  const { claims = {}, at = NOW, path, query, headers = {}, body, isBase64Encoded = false } = asked;
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: '',
    headers,
    ...(path ? { pathParameters: path } : {}),
    ...(query ? { queryStringParameters: query } : {}),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    isBase64Encoded,
    requestContext: {
      accountId: '000000000000',
      apiId: 'test',
      authorizer: { principalId: '', integrationLatency: 0, jwt: { claims, scopes: [] } },
      domainName: 'test',
      domainPrefix: 'test',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: 'test',
      routeKey,
      stage: '$default',
      time: '',
      timeEpoch: at,
    },
  };
}

export const trader = (account: string): Record<string, string> => ({ sub: `user-of-${account}`, 'custom:account': account });
export const operator = (sub: string): Record<string, string> => ({ sub, 'cognito:groups': '[operators]' });

/** A UUIDv7 of a time; `serial` tells those of one millisecond apart. */
export function keyAt(time: number, serial = 1): string {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${serial.toString(16).padStart(12, '0')}`;
}

export const PRODUCT = 'H100-SXM';
export const PARAMETERS = {
  lotGpuHours: 1000,
  priceDecimals: 3,
  listedMonths: 12,
  timeZone: 'America/New_York',
  calendar: 'NYSE',
  dayRunTime: '16:00',
  dailyLimit: '0.500',
  rollBand: '0.050',
  indexValuesMin: 12,
  indexAgeDaysMax: 4,
  indexMoveBasisPointsMax: 3000,
};
export const MONTHS = [
  '2025-10',
  '2025-11',
  '2025-12',
  '2026-01',
  '2026-02',
  '2026-03',
  '2026-04',
  '2026-05',
  '2026-06',
  '2026-07',
  '2026-08',
  '2026-09',
];
export const LISTING = { date: '2025-10-17', curve: Object.fromEntries(MONTHS.map((month) => [month, '2.400'])) };
