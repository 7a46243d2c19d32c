/**
 * What the template's resources answer to `Ref` and `Fn::GetAtt` when they run here, or when they only have to be named:
 * local addresses for what runs, names and ARNs of a fixed account for all else.
 */
import { type Assembly, LOCAL_ACCOUNT, LOCAL_PSEUDO, LOCAL_REGION, type Resource } from './assembly.ts';
import type { JsonObject, Reference } from './intrinsics.ts';

/** Where what runs here is reached. */
export interface Addresses {
  readonly queueUrl: (name: string) => string;
  readonly apiUrl: string;
  /** Of the tokens that are taken here; the template's own unless given. */
  readonly issuer?: string;
  /** What a table is called where it is kept; as in the template unless given. */
  readonly tableName?: (name: string) => string;
}

/** Names for `Ref`, and the attributes that templates ask for, of everything that may be referred to. */
export function referenceTo(
  { logicalId, type, name, properties }: Resource,
  addresses: Addresses,
  assembly: Assembly,
): Reference {
  const arn = (service: string, resource: string) => `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resource}`;
  const pool = `${LOCAL_REGION}_${logicalId}`;
  switch (type) {
    case 'AWS::SQS::Queue': {
      const url = addresses.queueUrl(name);
      return { ref: url, attributes: { Arn: queueArn(name), QueueName: name, QueueUrl: url } };
    }
    case 'AWS::DynamoDB::GlobalTable':
    case 'AWS::DynamoDB::Table': {
      const kept = addresses.tableName?.(name) ?? name;
      return { ref: kept, attributes: { Arn: arn('dynamodb', `table/${kept}`), TableId: kept } };
    }
    case 'AWS::Lambda::Function':
      return { ref: name, attributes: { Arn: functionArn(name) } };
    case 'AWS::Lambda::Version':
      return { ref: `${functionArn(functionOf(properties, assembly))}:${VERSION}`, attributes: { Version: VERSION } };
    case 'AWS::Lambda::Alias': {
      const alias = aliasArn(functionOf(properties, assembly), String(properties.Name));
      return { ref: alias, attributes: { AliasArn: alias } };
    }
    case 'AWS::ApiGatewayV2::Api': {
      const url = properties.ProtocolType === 'WEBSOCKET' ? addresses.apiUrl.replace(/^http/, 'ws') : addresses.apiUrl;
      return { ref: logicalId, attributes: { ApiId: logicalId, ApiEndpoint: url } };
    }
    case 'AWS::ApiGatewayV2::Route':
      return { ref: logicalId, attributes: { RouteId: logicalId } };
    case 'AWS::ApiGatewayV2::Integration':
      return { ref: logicalId, attributes: { IntegrationId: logicalId } };
    case 'AWS::ApiGatewayV2::Authorizer':
      return { ref: logicalId, attributes: { AuthorizerId: logicalId } };
    case 'AWS::SNS::Topic':
      return { ref: arn('sns', name), attributes: { TopicArn: arn('sns', name), TopicName: name } };
    case 'AWS::Cognito::UserPool':
      return {
        ref: pool,
        attributes: {
          Arn: arn('cognito-idp', `userpool/${pool}`),
          UserPoolId: pool,
          ProviderName: `cognito-idp.${LOCAL_REGION}.amazonaws.com/${pool}`,
          ProviderURL: `https://cognito-idp.${LOCAL_REGION}.amazonaws.com/${pool}`,
        },
      };
    case 'AWS::Cognito::UserPoolClient':
      return { ref: logicalId, attributes: { ClientId: logicalId, Name: name } };
    default:
      return { ref: name, attributes: { Arn: arn(type.split('::')[1]!.toLowerCase(), name) } };
  }
}

export const queueArn = (name: string) => `arn:aws:sqs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${name}`;
export const functionArn = (name: string) => `arn:aws:lambda:${LOCAL_REGION}:${LOCAL_ACCOUNT}:function:${name}`;
export const aliasArn = (name: string, alias: string) => `${functionArn(name)}:${alias}`;

/** A template publishes one version of a function, its first here. */
const VERSION = '1';

/** The function a version or alias is of. In a template it is named by `Ref`. */
function functionOf({ FunctionName: named }: JsonObject, { resources }: Assembly): string {
  const id = (named as { Ref?: unknown } | undefined)?.Ref;
  return resources.find(({ logicalId }) => logicalId === id)?.name ?? String(named);
}

export function pseudoParameters({ stack }: Assembly): Record<string, string> {
  const stackId = `arn:aws:cloudformation:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stack/${stack}/local`;
  return { ...LOCAL_PSEUDO, 'AWS::StackName': stack, 'AWS::StackId': stackId };
}
