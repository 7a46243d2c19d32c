/**
 * The HTTP API: the only way in. Every route is written out, and every route that is not of the market has the authorizer, so the gateway
 * itself answers 404 to a path that is not listed and 401 to a caller without a valid token; neither reaches a function.
 */

import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Issuer } from './identity.ts';
import { LOG_RETENTION, type PipelineFunction } from './pipeline-function.ts';
import { MARKET_ROUTES, OPERATOR_ROUTES, PARTICIPANT_ROUTES, STATEMENT_ROUTES } from './routes.ts';

/**
 * What `participant-api` has places for: a burst, while requests go on at this rate and take a tenth of a second each. Of more the
 * gateway refuses what is too much (429); without it Lambda would, and the gateway would say 503. See docs/scale.md.
 */
const REQUESTS_PER_SECOND = 1_000;
const REQUESTS_IN_A_BURST = 240;

/**
 * Of each route that needs no token. All of them together stay below what the stage lets through, so that callers without a token can't use it
 * up for those with one.
 */
const MARKET_REQUESTS_PER_SECOND = 40;
const MARKET_REQUESTS_IN_A_BURST = 10;

/**
 * The access log: one JSON line a request. It has no header and no query string, and of the token only `sub`: enough to say
 * which caller asked for what and how it ended, and nothing that could be used again.
 */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  at: '$context.requestTimeEpoch',
  ip: '$context.identity.sourceIp',
  subject: '$context.authorizer.claims.sub',
  route: '$context.routeKey',
  status: '$context.status',
  response_bytes: '$context.responseLength',
  latency_ms: '$context.responseLatency',
  refused: '$context.authorizer.error',
  failed: '$context.integrationErrorMessage',
};

export interface ExchangeApiProps {
  readonly issuer: Issuer;
  readonly participantApi: PipelineFunction;
  readonly statementApi: PipelineFunction;
  readonly marketApi: PipelineFunction;
  readonly operatorApi: PipelineFunction;
}

/** The gateway with its stage, authorizer, routes and access log. */
export class ExchangeApi extends Construct {
  readonly api: apigateway.HttpApi;

  constructor(scope: Construct, id: string, { issuer, participantApi, statementApi, marketApi, operatorApi }: ExchangeApiProps) {
    super(scope, id);
    const { stackName } = Stack.of(this);
    this.api = new apigateway.HttpApi(this, 'http', {
      apiName: stackName,
      description: 'Orders, positions and statements for participants; the venue for its operator.',
      createDefaultStage: false,
      defaultAuthorizer: new HttpJwtAuthorizer('jwt', issuer.issuer, { jwtAudience: [...issuer.audience] }),
    });
    for (const each of [participantApi, statementApi, operatorApi]) each.knowsCallersBy(issuer.claims);
    this.routes(PARTICIPANT_ROUTES, participantApi);
    this.routes(STATEMENT_ROUTES, statementApi);
    this.routes(OPERATOR_ROUTES, operatorApi);
    const open = this.routes(MARKET_ROUTES, marketApi, new apigateway.HttpNoneAuthorizer());

    const accessLog = new logs.LogGroup(this, 'access-log', {
      logGroupName: `/${stackName}/api-access`,
      retention: LOG_RETENTION,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    const stage = new apigateway.HttpStage(this, 'stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: REQUESTS_PER_SECOND, burstLimit: REQUESTS_IN_A_BURST },
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(accessLog),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    // Of its own properties the construct has none for this; what names a route can be made only when the route is there.
    (stage.node.defaultChild as apigateway.CfnStage).routeSettings = Object.fromEntries(
      MARKET_ROUTES.map((key) => [
        key,
        { ThrottlingRateLimit: MARKET_REQUESTS_PER_SECOND, ThrottlingBurstLimit: MARKET_REQUESTS_IN_A_BURST },
      ]),
    );
    stage.node.addDependency(...open);
  }

  private routes(
    keys: readonly string[],
    to: PipelineFunction,
    authorizer?: apigateway.HttpNoneAuthorizer,
  ): apigateway.HttpRoute[] {
    // One permission for the API, not one a route: sixteen of them would near the size limit of a function's policy.
    const integration = new HttpLambdaIntegration(to.functionName, to.callee, { scopePermissionToRoute: false });
    return keys.flatMap((key) => {
      const [method, path] = key.split(' ') as [apigateway.HttpMethod, string];
      return this.api.addRoutes({ path, methods: [method], integration, ...(authorizer ? { authorizer } : {}) });
    });
  }
}
