/**
 * `npm run supply-chain`: what this project is built on. A finding ends it with code 1. That the registry does not answer about
 * advisories is a warning, since a build must not stop because a service is out, and is never taken for a pass;
 * `--require-advisories` makes it a failure, for a release.
 */

import { flag, text } from '../cli/terminal/options.ts';
import { PROJECT } from '../infra/bundle.ts';
import { checkSupplyChain, type SupplyCheck } from '../supply-chain/check.ts';
import { command } from './command.ts';

await command(
  {
    name: 'supply-chain',
    about: 'What must stay although a check refuses it is argued in lib/supply-chain/exceptions.ts.',
    options: {
      requireAdvisories: flag('--require-advisories', 'a registry that does not answer about advisories is a failure'),
      registry: text('--registry <url>', "another registry to ask for advisories than npm's own"),
    },
    examples: [
      ['', 'as CI does'],
      ['--require-advisories', 'before a release'],
    ],
  },
  ({ requireAdvisories, registry }) => {
    const checks = checkSupplyChain(PROJECT, new Date().toISOString().slice(0, 10), registry);
    for (const check of checks) for (const line of lines(check, requireAdvisories)) console.log(line);
    return checks.every((check) => ('unknown' in check ? !requireAdvisories : check.faults.length === 0)) ? 0 : 1;
  },
);

function lines(check: SupplyCheck, requireAdvisories: boolean): string[] {
  const name = check.name.padEnd(10);
  if ('unknown' in check) {
    const word = requireAdvisories ? 'FAILED ' : 'WARNING';
    return [`${word}  ${name}  NOT CHECKED: the registry did not answer (${check.unknown})`];
  }
  if (check.faults.length === 0) return [`ok       ${name}  ${check.passed}`];
  return check.faults.map((fault) => `FAILED   ${name}  ${fault}`);
}
