/**
 * The WebSocket API: where listeners are told that there is news. A function of the stack's own verifies tokens on connect, because a
 * WebSocket API has no authorizer for them; what a client sends is answered on the same connection, with no right to any other. The
 * stage writes no access log: for a WebSocket API that takes a role for the whole AWS account, and `listen` logs each connection.
 */

import { Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Construct } from 'constructs';
import type { FunctionName } from '../store/names.ts';
import type { Issuer } from './identity.ts';
import type { PipelineFunction } from './pipeline-function.ts';

/** The path of the API's address. */
const STAGE = 'listen';
/**
 * Connects and messages a second, of all listeners: ten thousand that send something every eight minutes are twenty. What is more is
 * refused by the gateway and starts no function.
 */
const MESSAGES_PER_SECOND = 100;
const MESSAGES_IN_A_BURST = 100;

export interface ListenerApiProps {
  readonly issuer: Issuer;
  readonly functions: Readonly<Record<FunctionName, PipelineFunction>>;
}

/** The WebSocket API with its stage, authorizer and routes. */
export class ListenerApi extends Construct {
  readonly stage: apigateway.WebSocketStage;
  /** Where listeners connect. */
  readonly url: string;

  constructor(scope: Construct, id: string, { issuer, functions }: ListenerApiProps) {
    super(scope, id);
    const { 'authorize-listener': authorize, listen, 'tell-listeners': tell } = functions;
    authorize.verifiesTokensOf(issuer);
    authorize.knowsCallersBy(issuer.claims);
    const api = new apigateway.WebSocketApi(this, 'websocket', {
      apiName: `${Stack.of(this).stackName}-listeners`,
      description: 'Tells listeners that there is news, by number.',
      connectRouteOptions: {
        integration: new WebSocketLambdaIntegration('connect', listen.callee),
        // No identity source: those without a token are let in as well, and hear of the market alone.
        authorizer: new WebSocketLambdaAuthorizer('authorizer', authorize.callee, { identitySource: [] }),
      },
      disconnectRouteOptions: { integration: new WebSocketLambdaIntegration('disconnect', listen.callee) },
      defaultRouteOptions: { integration: new WebSocketLambdaIntegration('default', listen.callee), returnResponse: true },
    });
    this.stage = new apigateway.WebSocketStage(this, 'stage', {
      webSocketApi: api,
      stageName: STAGE,
      autoDeploy: true,
      throttle: { rateLimit: MESSAGES_PER_SECOND, burstLimit: MESSAGES_IN_A_BURST },
    });
    this.url = `${api.apiEndpoint}/${STAGE}`;
    for (const each of [listen, tell]) each.managesConnections(this.stage, this.url);
  }
}
