/**
 * Where callers' tokens come from: an issuer that the operator already has, named when the template is made, or a user pool
 * of the stack's own. In the pool an administrator makes every user, the account a user trades for is set then and can't
 * change, and every user needs a second factor. Participants call with the **ID token**: Cognito puts `custom:account` into
 * that one only.
 */

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { CallerClaims } from './pipeline-function.ts';

/** An issuer of tokens (with keys at its OpenID configuration) and what its tokens call things. */
export interface Issuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly claims: CallerClaims;
}

/** What Cognito's tokens call things, and those of any other issuer unless it is said. */
export const COGNITO_CLAIMS: CallerClaims = {
  account: 'custom:account',
  groups: 'cognito:groups',
  viewerGroup: 'viewers',
  operatorGroup: 'operators',
  approverGroup: 'approvers',
};

const GROUPS = [
  [COGNITO_CLAIMS.viewerGroup, 'Reads everything on the side of the operator, and changes nothing.'],
  [COGNITO_CLAIMS.operatorGroup, 'Reads, acts and proposes.'],
  [COGNITO_CLAIMS.approverGroup, 'Reads, and approves or declines what is held.'],
] as const;

/** The user pool, with its one client and a group for each role. */
export class UserPool extends Construct {
  readonly pool: cognito.UserPool;
  readonly client: cognito.UserPoolClient;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.pool = new cognito.UserPool(this, 'pool', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
      // Not mutable: no client, present or future, can move a user to another's account. A new account is a new user.
      customAttributes: { account: new cognito.StringAttribute({ minLen: 1, maxLen: 64, mutable: false }) },
      mfa: cognito.Mfa.REQUIRED,
      mfaSecondFactor: { sms: false, otp: true },
      passwordPolicy: {
        minLength: 14,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.client = this.pool.addClient('client', {
      generateSecret: false,
      authFlows: { userSrp: true, adminUserPassword: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      idTokenValidity: Duration.hours(1),
      accessTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.hours(12),
      readAttributes: new cognito.ClientAttributes().withStandardAttributes({ email: true }).withCustomAttributes('account'),
      // Named, because a client without a list may write every attribute.
      writeAttributes: new cognito.ClientAttributes().withStandardAttributes({ email: true }),
    });
    for (const [group, description] of GROUPS)
      new cognito.CfnUserPoolGroup(this, group, { userPoolId: this.pool.userPoolId, groupName: group, description });
  }

  get issuer(): Issuer {
    return {
      issuer: this.pool.userPoolProviderUrl,
      audience: [this.client.userPoolClientId],
      claims: { ...COGNITO_CLAIMS, tokenUse: 'id' },
    };
  }
}
