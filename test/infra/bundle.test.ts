/** Bundles: complete, runnable, the same each time, and clear about what is missing. */

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { bundleFunctions } from '../../lib/infra/bundle.ts';
import { FUNCTIONS } from '../../lib/store/names.ts';
import { temporaryDirectory } from './synthesized.ts';

let sources: string;
let into: string;
const bundleOf = (name: string) => join(into, name, 'index.mjs');

beforeAll(() => {
  sources = temporaryDirectory();
  for (const name of FUNCTIONS) {
    mkdirSync(join(sources, name));
    writeFileSync(join(sources, 'shared.cjs'), "module.exports = require('node:path').basename('a/b');");
    writeFileSync(
      join(sources, name, 'index.ts'),
      `import last from '../shared.cjs';\nexport const handler = async (): Promise<string> => '${name} ' + last;\n`,
    );
  }
  into = bundleFunctions({ sources, into: temporaryDirectory() });
});

it.each(FUNCTIONS)('%s is one ES module that runs by itself', async (name) => {
  const { handler } = (await import(pathToFileURL(bundleOf(name)).href)) as { handler: () => Promise<string> };
  await expect(handler()).resolves.toBe(`${name} b`);
});

it('the same sources give the same bytes, and a file that would not change is left alone', () => {
  const elsewhere = bundleFunctions({ sources, into: temporaryDirectory() });
  for (const name of FUNCTIONS) {
    expect(readFileSync(join(elsewhere, name, 'index.mjs'), 'utf8')).toBe(readFileSync(bundleOf(name), 'utf8'));
  }
  const before = statSync(bundleOf('settle-day')).ino;
  bundleFunctions({ sources, into });
  expect(statSync(bundleOf('settle-day')).ino).toBe(before);
});

it('a missing source is named, and nothing is bundled', () => {
  rmSync(join(sources, 'settle-day'), { recursive: true });
  rmSync(join(sources, 'post-events', 'index.ts'));
  const target = join(temporaryDirectory(), 'none');
  expect(() => bundleFunctions({ sources, into: target })).toThrow(/^no source for post-events \(.*\), settle-day \(.*\)$/);
  expect(() => statSync(target)).toThrow('ENOENT');
});
