/** The APIs of the template: the routes of the HTTP API, and the WebSocket API with its stage, its routes and its authorizer. */
import { LocalCloudError } from '../host/error.ts';
import type { JsonObject } from './intrinsics.ts';
import type { FunctionPlan, RoutePlan, WebSocketPlan, WebSocketRouteKey, WebSocketRoutePlan } from './plan.ts';
import { found, functionNamed, type Of, type Read } from './targets.ts';

const WEBSOCKET = 'WEBSOCKET';
const WEBSOCKET_ROUTES: readonly string[] = ['$connect', '$disconnect', '$default'] satisfies WebSocketRouteKey[];
const WEBSOCKET_TIMEOUT_MS = 29_000;

/** The issuers of tokens that the template's authorizers name. */
export const issuersIn = (of: Of): ReadonlySet<string> =>
  new Set(of('AWS::ApiGatewayV2::Authorizer').map(({ p }) => String((p.JwtConfiguration as JsonObject | undefined)?.Issuer)));

export function planRoutes(of: Of, functions: readonly FunctionPlan[]): RoutePlan[] {
  const isHttp = ofProtocol(of, 'HTTP');
  for (const { logicalId, p } of of('AWS::ApiGatewayV2::Stage').filter(isHttp)) {
    if (p.StageName !== '$default')
      throw new LocalCloudError(`Stage ${logicalId} has a name`, 'Only the $default stage of an HTTP API runs here.');
  }
  const authorizers = new Map(of('AWS::ApiGatewayV2::Authorizer').map((r) => [r.logicalId, r]));
  return of('AWS::ApiGatewayV2::Route')
    .filter(isHttp)
    .map((route) => {
      const { logicalId, p } = route;
      const integration = integrationOf(route, of);
      if (integration.p.PayloadFormatVersion !== '2.0') {
        throw new LocalCloudError(`${integration.logicalId} is not of payload format 2.0`, 'Only format 2.0 runs here.');
      }
      const authorizer = p.AuthorizationType === 'JWT' ? authorizers.get(String(p.AuthorizerId)) : undefined;
      if ((p.AuthorizationType ?? 'NONE') !== 'NONE' && authorizer === undefined) {
        throw new LocalCloudError(
          `${logicalId} is authorized by ${p.AuthorizationType}`,
          'Only JWT authorizers of HTTP routes run here.',
        );
      }
      const jwt = (authorizer?.p.JwtConfiguration ?? {}) as JsonObject;
      return {
        api: String(p.ApiId),
        key: String(p.RouteKey),
        function: functionNamed(functions, integration.p.IntegrationUri, integration.logicalId),
        timeoutMs: Number(integration.p.TimeoutInMillis ?? 30_000),
        authorizer: authorizer && { audience: ((jwt.Audience ?? []) as unknown[]).map(String) },
        scopes: ((p.AuthorizationScopes ?? []) as unknown[]).map(String),
      };
    });
}

/** The template's WebSocket API; `undefined` when it has none. */
export function planWebSockets(of: Of, functions: readonly FunctionPlan[]): WebSocketPlan | undefined {
  const [api, second] = of('AWS::ApiGatewayV2::Api').filter(({ p }) => p.ProtocolType === WEBSOCKET);
  if (api === undefined) return undefined;
  if (second !== undefined) throw new LocalCloudError(`${second.logicalId} is a second WebSocket API`, 'One of them runs here.');
  const isOwn = ({ p }: Read): boolean => p.ApiId === api.logicalId;
  const stage = found(of('AWS::ApiGatewayV2::Stage').find(isOwn), api.logicalId, 'an API with a stage', api.logicalId);
  const routes = of('AWS::ApiGatewayV2::Route').filter(isOwn);
  const authorizer = of('AWS::ApiGatewayV2::Authorizer').find(isOwn);
  const authorized = routes.filter(({ p }) => (p.AuthorizationType ?? 'NONE') !== 'NONE');
  for (const { logicalId, p } of authorized) {
    if (p.AuthorizationType !== 'CUSTOM' || p.RouteKey !== '$connect' || authorizer?.p.AuthorizerType !== 'REQUEST')
      throw new LocalCloudError(
        `${logicalId} is authorized by ${p.AuthorizationType}`,
        'Of a WebSocket API only $connect can be, here by a REQUEST authorizer.',
      );
  }
  return {
    stage: String(stage.p.StageName),
    routes: new Map(routes.map((route) => [routeKey(route), planWebSocketRoute(route, of, functions)])),
    authorizer: authorized.length > 0 && authorizer ? planRequestAuthorizer(authorizer, functions) : undefined,
  };
}

function planRequestAuthorizer({ logicalId, p }: Read, functions: readonly FunctionPlan[]): WebSocketPlan['authorizer'] {
  const sources = ((p.IdentitySource ?? []) as unknown[]).map(String);
  const headers = sources.map((source) => /^route\.request\.header\.(.+)$/.exec(source)?.[1]);
  if (headers.some((header) => header === undefined))
    throw new LocalCloudError(`${logicalId} is asked by ${sources}`, 'Only headers can be identity sources here.');
  return { function: functionNamed(functions, p.AuthorizerUri, logicalId), headers: headers as string[] };
}

function routeKey({ logicalId, p }: Read): WebSocketRouteKey {
  const key = String(p.RouteKey);
  if (!WEBSOCKET_ROUTES.includes(key))
    throw new LocalCloudError(`${logicalId} is a route by ${key}`, `Only ${WEBSOCKET_ROUTES.join(', ')} run here.`);
  return key as WebSocketRouteKey;
}

function planWebSocketRoute(route: Read, of: Of, functions: readonly FunctionPlan[]): WebSocketRoutePlan {
  const integration = integrationOf(route, of);
  const { IntegrationType: type } = integration.p;
  if (type !== 'AWS_PROXY')
    throw new LocalCloudError(`${integration.logicalId} is of type ${type}`, 'Only AWS_PROXY integrations run here.');
  return {
    function: functionNamed(functions, integration.p.IntegrationUri, integration.logicalId),
    timeoutMs: Number(integration.p.TimeoutInMillis ?? WEBSOCKET_TIMEOUT_MS),
    answers:
      route.p.RouteResponseSelectionExpression === '$default' &&
      of('AWS::ApiGatewayV2::RouteResponse').some(({ p }) => p.RouteId === route.logicalId),
  };
}

function ofProtocol(of: Of, protocol: string): (read: Read) => boolean {
  const apis = new Set(
    of('AWS::ApiGatewayV2::Api')
      .filter(({ p }) => p.ProtocolType === protocol)
      .map(({ logicalId }) => logicalId),
  );
  return ({ p }) => apis.has(String(p.ApiId));
}

const integrationOf = ({ logicalId, p }: Read, of: Of): Read =>
  found(
    of('AWS::ApiGatewayV2::Integration').find((each) => each.logicalId === String(p.Target).replace('integrations/', '')),
    logicalId,
    'an integration',
    p.Target,
  );
