/** The gate: the version that runs may go live again, one that changes a result may not, and the gate says which. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { writeExport } from '../../../lib/audit/export.ts';
import { VenueRows } from '../../../lib/audit/rows.ts';
import type { Edit } from '../../../lib/faults/changed-sources.ts';
import { HOURLY, play, ROLL, SHARDS } from '../../../lib/faults/scripted-market.ts';
import { openVirtualMarket } from '../../../lib/faults/virtual-market.ts';
import { synthesize } from '../../../lib/infra/synthesize.ts';
import { startDynamoDb } from '../../../lib/local/dynamodb/dynamodb.ts';
import { readAssembly } from '../../../lib/local/template/assembly.ts';
import { planOf } from '../../../lib/local/template/planner.ts';
import { gate } from '../../../lib/operations/release/gate.ts';
import { type Attributes, N, Table } from '../../../lib/store/table.ts';
import { ADDS, bundlesWith } from '../../faults/patched.ts';
import { placeholderBundles } from '../../infra/synthesized.ts';
import { runCommand } from '../../venue/command.ts';

let items: Attributes[];
let folder: string;
/** What runs now. */
let same: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gate-'));
  const market = openVirtualMarket(ROLL, { sweep: HOURLY });
  await play(market, ROLL);
  items = await Array.fromAsync(market.table.scan());
  same = candidate();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
function candidate(bundles?: string, shards = SHARDS): string {
  const dir = join(folder, `candidate-${made++}`);
  synthesize(dir, { deployment: { shards }, bundles });
  return dir;
}

/** What runs now with other functions: the template is the same, and is not synthesized again. */
function withBundles(bundles: string): string {
  const dir = join(folder, `candidate-${made++}`);
  cpSync(same, dir, { recursive: true });
  const { functions } = planOf(readAssembly(dir), { queueUrl: (name) => name, apiUrl: '' });
  for (const { name, codeDir } of functions) cpSync(join(bundles, name), codeDir, { recursive: true });
  return dir;
}
const judged = async (edits: readonly Edit[]) => gate(withBundles(bundlesWith(edits)), await VenueRows.from(items), 5);

describe('a candidate', () => {
  it('that writes more than what runs now, and nothing else, may go live', async () => {
    const verdict = await judged(ADDS);
    expect(verdict.checks.flatMap(({ faults }) => faults)).toEqual([]);
    expect(verdict.checks[0]).toEqual({ name: 'auctions', checked: 6, faults: [] });
    expect(verdict.checks[1]).toEqual({ name: 'settlements', checked: 4, faults: [] });
    for (const { name, checked } of verdict.checks) expect(checked, name).toBeGreaterThan(0);
    expect(verdict.passes).toBe(true);
  });

  it.each<[what: string, edit: Edit, row: RegExp, says: RegExp]>([
    [
      'computes what traders gain one tick too high',
      ['lib/domain/auction/book.ts', 'surplus: result.surplus,', 'surplus: result.surplus + 1n,'],
      /^auction \d+ of H100-SXM \(2025-11-0[67]T/,
      /^surplus: the venue has "\d+", the candidate "\d+"$/,
    ],
    [
      'settles what did not trade one tick lower',
      ['lib/domain/clearing/settlement.ts', 'return [month, within(kept,', 'return [month, within(kept - 1,'],
      /^prices-settled of H100-SXM on 2025-11-06$/,
      /^settled\.\d+: the venue has 24\d\d, the candidate 24\d\d$/,
    ],
    [
      'forgets what an account had moved before on the day',
      ['lib/domain/clearing/account.ts', 'variation: addCents(day.variation, variation)', 'variation'],
      /^SHARD#\d ACCOUNT#/,
      /^products\.H100-SXM\.day\.variation: the venue has /,
    ],
    [
      'can not clear',
      [
        'lambdas/clear-auction/index.ts',
        'checkConservation(packed.fills, stored, result.months);',
        "throw new Error('planted');",
      ],
      /^auction 1 of H100-SXM /,
      /^was not cleared by the candidate: clear-auction said: planted$/,
    ],
  ])('that %s may not, and the first difference is named', async (_, edit, row, says) => {
    const verdict = await judged([edit]);
    expect(verdict.passes).toBe(false);
    const [fault] = verdict.checks.flatMap(({ faults }) => faults);
    expect(fault?.row).toMatch(row);
    expect(fault?.what).toMatch(says);
  });

  it('for another number of shards is refused', async () => {
    await expect(gate(candidate(placeholderBundles(), 3), await VenueRows.from(items), 5)).rejects.toThrow(
      'in 3 shards, the venue in 2',
    );
  });

  it('is not held against a venue that is still posting', async () => {
    const behind = items.map((item) => (item.sk!.S === 'CURSOR' ? { ...item, seq: N(3) } : item));
    await expect(gate(same, await VenueRows.from(behind), 5)).rejects.toThrow('has not posted the whole log');
  });
});

it('a candidate leaves a venue alone that is kept on the same engine', async () => {
  const engine = await startDynamoDb({ onExit: () => {}, environment: {} });
  vi.stubEnv('DYNAMODB_ENDPOINT', engine.endpoint);
  try {
    const [plan] = planOf(readAssembly(same), { queueUrl: (name) => name, apiUrl: '' }).tables;
    await engine.createTable(plan!, false);
    await new Table(plan!.name, engine.client).put({ pk: 'LOG', sk: '1', attributes: {} });
    await gate(same, await VenueRows.from(items), 5);
    expect(await Array.fromAsync(new Table(plan!.name, engine.client).scan())).toEqual([{ pk: { S: 'LOG' }, sk: { S: '1' } }]);
  } finally {
    vi.unstubAllEnvs();
    await engine.stop();
  }
});

const command = (...args: string[]) => runCommand('gate', args);

test('the command ends with 0 when the candidate may go live, over as many days as asked for', async () => {
  const archive = join(folder, 'export');
  writeExport(archive, await VenueRows.from(items));
  const { stdout, stderr, status } = await command('--assembly', same, '--export', archive, '--days', '1');
  expect(stderr).toBe('');
  expect(stdout).toMatch(
    /^Candidate [0-9a-f]{12} against 2025-11-07 to 2025-11-07, events \d+ to \d+\n {2}ok {11}3 auctions clear/,
  );
  expect(stdout).toContain('The candidate may go live.');
  expect(status).toBe(0);
});

test('and with 1 when it may not', async () => {
  const archive = join(folder, 'other');
  const wrong = items.map((item) => (/^SHARD#\d$/.test(item.pk!.S!) && item.cash ? { ...item, cash: { S: '1' } } : item));
  writeExport(archive, await VenueRows.from(wrong));
  const { stdout, status } = await command('--assembly', same, '--export', archive, '--days', '1');
  expect(stdout).toMatch(/The candidate must not go live: SHARD#\d ACCOUNT#\S+ cash: the venue has /);
  expect(status).toBe(1);
});

test.each([
  [['--days', '0'], 2, 'a whole number'],
  [['--assembly', '/nowhere', '--data', '/nowhere'], 1, 'There is no market'],
])('gate %j ends with %i', async (args, code, says) => {
  const { status, stderr } = await command(...args);
  expect(status).toBe(code);
  expect(stderr).toContain(says);
});
