/**
 * Authorizes a listener as it connects: verifies the ID token that it brings, if it brings one. Without a token it may listen to the
 * market alone. A caller's fault is a refusal and not a failure of this function; an issuer that can't be asked for its keys is one.
 */

import { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { isAccountId } from '../../lib/domain/contract/owner.ts';
import { ENV } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';
import { claim, isIdToken } from '../http/caller.ts';
import { broughtToken } from '../listening/headers.ts';
import { verified } from './issuer-keys.ts';

/** What `listen` gets to know of the token. */
export type ListenerContext = { readonly account?: string; readonly until?: number };

/** All that it needs of what functions have at hand: a table would make it start slower. */
const logger = new Logger({ serviceName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'exchange' });

export async function handler(event: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> {
  const found = await listenerOf(event);
  const refused = typeof found === 'string';
  const { sourceIp } = event.requestContext.identity;
  if (refused) logger.info('listener refused', { why: found, ip: sourceIp });
  return {
    principalId: refused ? 'refused' : (found.account ?? 'anyone'),
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: refused ? 'Deny' : 'Allow', Resource: event.methodArn }],
    },
    context: refused ? {} : { ...found },
  };
}

/** The account and until when its token is good; nothing without a token. A text says why the listener is refused. */
async function listenerOf(event: APIGatewayRequestAuthorizerEvent): Promise<ListenerContext | string> {
  const brought = broughtToken(event.multiValueHeaders);
  if (brought === undefined) return {};
  if (brought === 'several') return 'several tokens';
  const claims = await verified(brought.token, event.requestContext.requestTimeEpoch);
  if (typeof claims === 'string') return claims;
  if (!isIdToken(claims)) return 'not an ID token';
  const account = claim(claims, required(ENV.accountClaim));
  if (typeof account !== 'string' || !isAccountId(account)) return 'no account';
  return { account, until: claims.exp! };
}
