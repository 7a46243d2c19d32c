/**
 * `npm run secrets`: looks for secrets in every file that git tracks or would, and in what is deployed: the synthesized
 * template, its assets' manifest and the bundles. Ends with code 1 when there is one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../infra/bundle.ts';
import { synthesize } from '../infra/synthesize.ts';
import { secretFaults } from '../supply-chain/secret-scan.ts';
import { deployedFiles, scan, trackedFiles } from '../supply-chain/secret-sources.ts';
import { command } from './command.ts';

await command(
  {
    name: 'secrets',
    about: 'What must stay although it looks like a secret is argued in lib/supply-chain/exceptions.ts.',
    options: {},
    examples: [['', 'as CI does']],
  },
  async () => {
    const assembly = mkdtempSync(join(tmpdir(), 'exchange-secrets-'));
    try {
      synthesize(assembly);
      const { files, found } = await scan([...trackedFiles(PROJECT), ...deployedFiles(assembly)]);
      const faults = secretFaults(found);
      for (const fault of faults) console.log(`FAILED   secrets     ${fault}`);
      if (faults.length === 0) console.log(`ok       secrets     none in ${files} files, template and bundles included`);
      return faults.length === 0 ? 0 : 1;
    } finally {
      rmSync(assembly, { recursive: true, force: true });
    }
  },
);
