/**
 * AWS's own checklists. What they find stands here, each with the reason why it stays; anything else is a failure, and so
 * is a reason for something that is no longer found.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { beforeAll, expect, it } from 'vitest';
import { MARKET_ROUTES } from '../../lib/infra/routes.ts';
import { addExchange, STACK_NAME } from '../../lib/infra/synthesize.ts';
import { FUNCTIONS, QUEUES } from '../../lib/store/names.ts';
import { placeholderBundles, temporaryDirectory } from './synthesized.ts';

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

interface Argued {
  readonly rule: string;
  /** Paths of constructs below the stack, or the beginnings of such paths, each of which must be found. */
  readonly at: readonly string[];
  readonly because: string;
}

const ARGUED: readonly Argued[] = [
  {
    rule: 'AwsSolutions-COG8',
    at: ['users/pool'],
    because: 'The Plus plan watches for stolen passwords, at a price for each user; every user needs a second factor.',
  },
  {
    rule: 'AwsSolutions-APIG4',
    at: MARKET_ROUTES.map((key) => `api/http/${key.replace(' ', '').replaceAll('/', '--')}`),
    because: 'Prices and cleared auctions are public. What serves them reads no token and knows no caller but by address.',
  },
  {
    rule: 'AwsSolutions-SQS3',
    at: ['schedules/dead-letters'],
    because: 'It is a dead-letter queue, but of schedules, and the rule knows only those of queues.',
  },
  {
    rule: 'Serverless-SQSRedrivePolicy',
    at: [...Object.keys(QUEUES).map((name) => `${name}/dead-letters`), 'schedules/dead-letters'],
    because:
      'Dead letters are not worked again by themselves: the first of a queue brings its alarm into ALARM, and an operator reads it.',
  },
  {
    rule: 'Serverless-LambdaDLQ',
    at: FUNCTIONS,
    because: 'It is for asynchronous calls, of which there are none: queues have dead letters of their own, the gateway waits.',
  },
  {
    rule: 'Serverless-LambdaEventSourceMappingDestination',
    at: Object.values(QUEUES).map(({ consumer }) => consumer),
    because: 'It is for streams. A queue can not have one; what fails five times goes to its dead letters.',
  },
  {
    rule: 'Serverless-LambdaTracing',
    at: FUNCTIONS,
    because: 'To write traces is a right on every resource, which no role here has. Ids that go through all logs serve instead.',
  },
  {
    rule: 'AwsSolutions-APIG4',
    at: ['$disconnect', '$default'].map((key) => `listeners/websocket/${key}-Route`),
    because: 'Of a WebSocket API only $connect can be authorized; nothing is said on a connection before that.',
  },
  ...['AwsSolutions-APIG1', 'Serverless-APIGWAccessLogging'].map((rule) => ({
    rule,
    at: ['listeners/stage'],
    because: 'For a WebSocket API it takes a role for the whole AWS account; the functions log who connects, and who is refused.',
  })),
  ...['listen', 'tell-listeners'].map((name) => ({
    rule: 'AwsSolutions-IAM5',
    at: [`${name}/role/DefaultPolicy`],
    because: 'Connections of the one stage, by one method each: their ids are made as they come.',
  })),
];

const found: { rule: string; path: string }[] = [];
const packs: string[] = [];

beforeAll(() => {
  const outdir = temporaryDirectory();
  const app = new App({ outdir, analyticsReporting: false, builtinCloudFormationValidation: false });
  addExchange(app, { bundles: placeholderBundles() });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  expect(() => app.synth()).toThrow('validation-report.json');
  const { pluginReports } = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
  packs.push(...pluginReports.map(({ pluginName }) => pluginName));
  for (const { ruleName: rule, violatingConstructs } of pluginReports.flatMap(({ violations }) => violations))
    found.push(...violatingConstructs.map(({ constructPath }) => ({ rule, path: constructPath.slice(STACK_NAME.length + 1) })));
});

const covers = (at: string, path: string): boolean => path === at || path.startsWith(`${at}/`);

it('the AWS Solutions and the Serverless checks find only what is argued', () => {
  expect(packs).toEqual(['AwsSolutions', 'Serverless']);
  const argued = ({ rule, path }: (typeof found)[number]) =>
    ARGUED.some((each) => each.rule === rule.replace(/\[.*/, '') && each.at.some((at) => covers(at, path)));
  expect(found.filter((each) => !argued(each))).toEqual([]);
});

it.each(ARGUED)('$rule is still found wherever it is argued', ({ rule, at }) => {
  const paths = found.filter((each) => each.rule.replace(/\[.*/, '') === rule).map(({ path }) => path);
  expect(at.filter((each) => !paths.some((path) => covers(each, path)))).toEqual([]);
});
