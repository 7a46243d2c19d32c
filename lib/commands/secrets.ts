/**
 * `npm run secrets`: looks for secrets in every file that git tracks or would, and in what is deployed: the synthesized
 * template, its assets' manifest and the bundles. Ends with code 1 when there is one.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../infra/synthesize.ts';
import { type Found, secretFaults, secretsIn } from '../supply-chain/secret-scan.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NOT_TEXT = '\0';

/** Repository paths and texts of the files of this tree. */
function* sources(): Generator<[file: string, text: string]> {
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', options, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  for (const file of listed)
    if (file !== '' && existsSync(join(ROOT, file))) yield [file, readFileSync(join(ROOT, file), 'utf8')];
}

const UPLOADED = /\.template\.json$|\.assets\.json$|\/asset\./;

/** What a deployment would upload, under `deployed/`. */
function* deployed(): Generator<[file: string, text: string]> {
  const assembly = mkdtempSync(join(tmpdir(), 'exchange-secrets-'));
  try {
    synthesize(assembly);
    for (const entry of readdirSync(assembly, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      // An asset's folder is named by the hash of what is in it.
      const name = path.slice(assembly.length + 1).replace(/asset\.[0-9a-f]{64}/, 'asset');
      if (entry.isFile() && UPLOADED.test(path)) yield [`deployed/${name}`, readFileSync(path, 'utf8')];
    }
  } finally {
    rmSync(assembly, { recursive: true, force: true });
  }
}

const found: Found[] = [];
let files = 0;
for (const [file, text] of [...sources(), ...deployed()]) {
  if (text.includes(NOT_TEXT)) continue;
  files++;
  found.push(...(await secretsIn(file, text)));
}
const faults = secretFaults(found);
for (const fault of faults) console.log(`FAILED   secrets     ${fault}`);
if (faults.length > 0) process.exitCode = 1;
else console.log(`ok       secrets     none in ${files} files, template and bundles included`);
