/**
 * Where alarms go. The key is the stack's own because CloudWatch may not use the one that AWS manages for SNS, and an alarm that
 * cannot be encrypted is silently not sent.
 */

import { Aws } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** An encrypted topic, and the subscription of one address, if there is one. */
export class AlarmTopic extends Construct {
  readonly topic: sns.Topic;

  /** @param email address that gets every alarm, once its owner has confirmed the subscription */
  constructor(scope: Construct, id: string, email: string | undefined) {
    super(scope, id);
    const cloudwatch = new iam.ServicePrincipal('cloudwatch.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    });
    const key = new kms.Key(this, 'key', { description: 'Encrypts alarms on their way.', enableKeyRotation: true });
    key.addToResourcePolicy(
      // In a key's own policy the resource `*` means this key; there is no other way to write it.
      new iam.PolicyStatement({ principals: [cloudwatch], actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: ['*'] }),
    );
    this.topic = new sns.Topic(this, 'topic', { displayName: 'Exchange alarms', masterKey: key, enforceSSL: true });
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({ principals: [cloudwatch], actions: ['sns:Publish'], resources: [this.topic.topicArn] }),
    );
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email));
  }
}
