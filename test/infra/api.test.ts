/** The API: which routes there are, which callers are let in, and what the access log says of them. */

import { describe, expect, it } from 'vitest';
import { PIPELINE } from '../../lib/infra/pipeline.ts';
import { MARKET_ROUTES, OPERATOR_ROUTES, PARTICIPANT_ROUTES, STATEMENT_ROUTES } from '../../lib/infra/routes.ts';
import { type Attribute, type FunctionProperties, functionBehind, synthesized } from './synthesized.ts';

interface OfApi {
  readonly ApiId: { readonly Ref: string };
}
interface IntegrationProperties extends OfApi {
  readonly IntegrationUri: unknown;
  readonly PayloadFormatVersion: string;
}
interface AuthorizerProperties extends OfApi {
  readonly AuthorizerType: string;
  readonly IdentitySource?: readonly string[];
}
interface RouteProperties extends OfApi {
  readonly RouteKey: string;
  readonly AuthorizationType: string;
  readonly AuthorizerId: { readonly Ref: string };
  readonly Target: { readonly 'Fn::Join': [string, [string, { Ref: string }]] };
}

const ours = synthesized();
const theirs = synthesized({
  issuer: 'https://login.example.com/',
  audience: ['exchange', 'exchange-desk'],
  claims: { account: 'https://example.com/account' },
});

const apis = ours.of<{ ProtocolType: string; CorsConfiguration?: unknown }>('AWS::ApiGatewayV2::Api');
const http = apis.find(({ Properties }) => Properties.ProtocolType === 'HTTP');
const webSocket = apis.find(({ Properties }) => Properties.ProtocolType === 'WEBSOCKET');

describe('routes', () => {
  const isHttp = <Properties extends { ApiId: { Ref: string } }>({ Properties }: { Properties: Properties }): boolean =>
    Properties.ApiId.Ref === http?.id;
  const routes = ours.of<RouteProperties>('AWS::ApiGatewayV2::Route').filter(isHttp);
  const integrations = ours.of<IntegrationProperties>('AWS::ApiGatewayV2::Integration').filter(isHttp);
  const authorizers = ours.of<AuthorizerProperties>('AWS::ApiGatewayV2::Authorizer').filter(isHttp);
  const functions = ours.of<FunctionProperties>('AWS::Lambda::Function');

  const servedBy = (key: string) => {
    const integration = routes.find((route) => route.Properties.RouteKey === key)?.Properties.Target['Fn::Join'][1][1].Ref;
    const uri = integrations.find(({ id }) => id === integration)?.Properties.IntegrationUri;
    return functions.find(({ id }) => id === functionBehind(ours, uri))?.Properties.FunctionName;
  };

  it('are the listed ones, without a default', () => {
    expect(routes.map((route) => route.Properties.RouteKey).sort()).toEqual(
      [...PARTICIPANT_ROUTES, ...STATEMENT_ROUTES, ...MARKET_ROUTES, ...OPERATOR_ROUTES].sort(),
    );
  });

  it('ask for a token, those of the market alone excepted', () => {
    expect(authorizers).toHaveLength(1);
    expect(authorizers[0]?.Properties.AuthorizerType).toBe('JWT');
    const open = routes.filter(
      ({ Properties }) => Properties.AuthorizationType !== 'JWT' || Properties.AuthorizerId.Ref !== authorizers[0]?.id,
    );
    expect(open.map(({ Properties }) => Properties.RouteKey).sort()).toEqual([...MARKET_ROUTES].sort());
    for (const { Properties } of open) expect(Properties.AuthorizationType).toBe('NONE');
  });

  it.each(MARKET_ROUTES)('market-api serves %s, which changes nothing and names no account', (key) => {
    expect(servedBy(key)).toBe('market-api');
    expect(key).toMatch(/^GET /);
    expect(key).not.toMatch(/account|operator/);
  });

  it.each(PARTICIPANT_ROUTES)('participant-api serves %s', (key) => {
    expect(servedBy(key)).toBe('participant-api');
  });

  it.each(STATEMENT_ROUTES)('statement-api serves %s', (key) => {
    expect(servedBy(key)).toBe('statement-api');
  });

  it.each(OPERATOR_ROUTES)('operator-api serves %s', (key) => {
    expect(servedBy(key)).toBe('operator-api');
    expect(key).toMatch(/ \/v1\/operator\//);
  });

  it('of participants name no account: whose data it is comes from the token', () => {
    expect([...PARTICIPANT_ROUTES, ...STATEMENT_ROUTES].filter((key) => /\{account/.test(key))).toEqual([]);
  });

  it('hand over version 2.0 payloads', () => {
    expect(integrations.map((each) => each.Properties.PayloadFormatVersion)).toEqual(integrations.map(() => '2.0'));
  });
});

describe('the stage', () => {
  const [stage] = ours.of<{
    DefaultRouteSettings: { ThrottlingRateLimit: number; ThrottlingBurstLimit: number };
    RouteSettings: Readonly<Record<string, { ThrottlingRateLimit: number; ThrottlingBurstLimit: number }>>;
    AccessLogSettings: { Format: string; DestinationArn: Attribute };
  }>('AWS::ApiGatewayV2::Stage');

  it('limits the rate of requests', () => {
    expect(stage?.Properties.DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 240 });
  });

  it('lets no more through at once than the function that answers has places for, at a tenth of a second each', () => {
    const { ThrottlingRateLimit = 0, ThrottlingBurstLimit = 0 } = stage?.Properties.DefaultRouteSettings ?? {};
    expect(ThrottlingBurstLimit + ThrottlingRateLimit / 10).toBe(PIPELINE['participant-api'].concurrencyMax);
  });

  it('leaves callers with a token most of it, whatever comes without one', () => {
    const { RouteSettings = {}, DefaultRouteSettings } = stage?.Properties ?? {};
    expect(Object.keys(RouteSettings).sort()).toEqual([...MARKET_ROUTES].sort());
    const sum = (of: 'ThrottlingRateLimit' | 'ThrottlingBurstLimit') =>
      Object.values(RouteSettings).reduce((all, each) => all + each[of], 0);
    expect(sum('ThrottlingRateLimit')).toBeLessThan(0.6 * DefaultRouteSettings!.ThrottlingRateLimit);
    expect(sum('ThrottlingBurstLimit')).toBeLessThan(0.6 * DefaultRouteSettings!.ThrottlingBurstLimit);
  });

  it('is made when the routes are there whose limits it names', () => {
    const open = ours
      .of<{ RouteKey: string }>('AWS::ApiGatewayV2::Route')
      .filter((each) => MARKET_ROUTES.includes(each.Properties.RouteKey));
    expect(open.map(({ id }) => id).filter((id) => !stage?.DependsOn?.includes(id))).toEqual([]);
    expect(open).toHaveLength(MARKET_ROUTES.length);
  });

  it('logs each request without header, query or token', () => {
    const { Format, DestinationArn } = stage?.Properties.AccessLogSettings ?? {};
    const [group] = ours
      .of<{ LogGroupName: string }>('AWS::Logs::LogGroup')
      .filter(({ id }) => id === DestinationArn?.['Fn::GetAtt'][0]);
    expect(group?.Properties.LogGroupName).toBe('/compute-exchange/api-access');
    const fields = Object.values(JSON.parse(Format ?? '{}') as Record<string, string>);
    expect(fields).toContain('$context.routeKey');
    expect(fields.filter((field) => /header|query|token|authorization$/i.test(field))).toEqual([]);
    expect(fields.filter((field) => field.includes('claims'))).toEqual(['$context.authorizer.claims.sub']);
  });

  it('is open to no other web page', () => {
    expect(ours.of<{ CorsConfiguration?: unknown }>('AWS::ApiGatewayV2::Api')[0]?.Properties.CorsConfiguration).toBeUndefined();
  });
});

describe('the WebSocket API', () => {
  const isOwn = ({ Properties }: { Properties: OfApi }): boolean => Properties.ApiId.Ref === webSocket?.id;

  it('has three routes; of these a function authorizes the one that connects, with a token or without', () => {
    const routes = ours.of<RouteProperties>('AWS::ApiGatewayV2::Route').filter(isOwn);
    const [authorizer] = ours.of<AuthorizerProperties>('AWS::ApiGatewayV2::Authorizer').filter(isOwn);
    expect(Object.fromEntries(routes.map(({ Properties }) => [Properties.RouteKey, Properties.AuthorizationType]))).toEqual({
      $connect: 'CUSTOM',
      $disconnect: 'NONE',
      $default: 'NONE',
    });
    expect(authorizer?.Properties).toMatchObject({ AuthorizerType: 'REQUEST', IdentitySource: [] });
  });

  it('limits the rate of what listeners send, and logs nothing of what they send', () => {
    const [stage] = ours
      .of<OfApi & { DefaultRouteSettings: object; AccessLogSettings?: object }>('AWS::ApiGatewayV2::Stage')
      .filter(isOwn);
    expect(stage?.Properties.DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 100, ThrottlingBurstLimit: 100 });
    expect(stage?.Properties.AccessLogSettings).toBeUndefined();
  });
});

describe('the rate of one caller', () => {
  const given = (template: typeof ours) =>
    Object.fromEntries(
      template
        .of<FunctionProperties>('AWS::Lambda::Function')
        .flatMap(({ Properties: { FunctionName, Environment } }) =>
          'REQUESTS_PER_MINUTE' in Environment.Variables ? [[FunctionName, Environment.Variables.REQUESTS_PER_MINUTE]] : [],
        ),
    );

  it('is given to each function of the API, and an operator has five times as many', () => {
    expect(given(ours)).toEqual({
      'participant-api': '1200',
      'statement-api': '1200',
      'market-api': '1200',
      'operator-api': '6000',
    });
    expect(given(synthesized({ deployment: { requestsPerMinute: 60 } }))).toEqual({
      'participant-api': '60',
      'statement-api': '60',
      'market-api': '60',
      'operator-api': '300',
    });
  });

  it.each([0, -1, 1.5, Number.NaN, 1e10])('can’t be %s', (requestsPerMinute) => {
    expect(() => synthesized({ deployment: { requestsPerMinute } })).toThrow('requests a minute');
  });
});

describe('a user pool of our own', () => {
  const [pool] = ours.of('AWS::Cognito::UserPool');
  const [client] = ours.of<{ WriteAttributes: string[]; ReadAttributes: string[] }>('AWS::Cognito::UserPoolClient');

  it('has no sign-up, asks for a second factor, and can not be deleted by accident', () => {
    expect(pool?.Properties).toMatchObject({
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      MfaConfiguration: 'ON',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
      DeletionProtection: 'ACTIVE',
    });
    expect(pool?.DeletionPolicy).toBe('Retain');
  });

  it('fixes the account of a user when it is made: no client may write it, and it can not change', () => {
    expect(pool?.Properties.Schema).toEqual([expect.objectContaining({ Name: 'account', Mutable: false })]);
    expect(client?.Properties.ReadAttributes).toContain('custom:account');
    expect(client?.Properties.WriteAttributes).toEqual(['email']);
  });

  it('asks for strong passwords', () => {
    expect(pool?.Properties.Policies).toMatchObject({
      PasswordPolicy: {
        MinimumLength: 14,
        RequireLowercase: true,
        RequireUppercase: true,
        RequireNumbers: true,
        RequireSymbols: true,
      },
    });
  });

  it('has a group for each role on the side of the operator', () => {
    expect(ours.of<{ GroupName: string }>('AWS::Cognito::UserPoolGroup').map((each) => each.Properties.GroupName)).toEqual([
      'viewers',
      'operators',
      'approvers',
    ]);
  });

  it('is what the authorizer trusts', () => {
    const [authorizer] = ours.of('AWS::ApiGatewayV2::Authorizer');
    expect(authorizer?.Properties).toMatchObject({
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Audience: [{ Ref: client?.id }], Issuer: { 'Fn::GetAtt': [pool?.id, 'ProviderURL'] } },
    });
  });
});

describe('an issuer of your own', () => {
  it('takes the place of the user pool', () => {
    expect(theirs.all.filter(({ Type }) => Type.startsWith('AWS::Cognito'))).toEqual([]);
    expect(theirs.of('AWS::ApiGatewayV2::Authorizer')[0]?.Properties).toMatchObject({
      JwtConfiguration: { Audience: ['exchange', 'exchange-desk'], Issuer: 'https://login.example.com/' },
    });
    expect(Object.keys(theirs.outputs)).not.toContain('UserPoolId');
  });

  it.each([
    { whose: 'ours', template: ours, account: 'custom:account', use: 'id' },
    { whose: 'theirs', template: theirs, account: 'https://example.com/account', use: undefined },
  ])('and $whose is described to the functions that read a token, and to no other', ({ template, account, use }) => {
    const configured = template
      .of<FunctionProperties>('AWS::Lambda::Function')
      .filter((fn) => 'ACCOUNT_CLAIM' in fn.Properties.Environment.Variables);
    expect(configured.map((fn) => fn.Properties.FunctionName).sort()).toEqual([
      'authorize-listener',
      'operator-api',
      'participant-api',
      'statement-api',
    ]);
    for (const fn of configured) {
      expect(fn.Properties.Environment.Variables).toMatchObject({
        ACCOUNT_CLAIM: account,
        GROUPS_CLAIM: 'cognito:groups',
        VIEWER_GROUP: 'viewers',
        OPERATOR_GROUP: 'operators',
        APPROVER_GROUP: 'approvers',
      });
      expect(fn.Properties.Environment.Variables.TOKEN_USE).toBe(use);
    }
  });

  it.each([
    { whose: 'ours', template: ours, audience: { Ref: ours.of('AWS::Cognito::UserPoolClient')[0]?.id } },
    { whose: 'theirs', template: theirs, audience: 'exchange,exchange-desk' },
  ])('and $whose is named to the function that verifies tokens itself', ({ template, audience }) => {
    const issuer = template.of<{ JwtConfiguration?: { Issuer: unknown } }>('AWS::ApiGatewayV2::Authorizer')[0]?.Properties;
    const verifying = template
      .of<FunctionProperties>('AWS::Lambda::Function')
      .filter((fn) => 'ISSUER' in fn.Properties.Environment.Variables);
    expect(verifying.map((fn) => fn.Properties.FunctionName)).toEqual(['authorize-listener']);
    expect(verifying[0]!.Properties.Environment.Variables).toMatchObject({
      ISSUER: issuer?.JwtConfiguration?.Issuer,
      AUDIENCE: audience,
    });
  });

  it('without an audience is refused, since any of its tokens would do', () => {
    expect(() => synthesized({ issuer: 'https://login.example.com/' })).toThrow('issuer and audience come together');
  });
});
