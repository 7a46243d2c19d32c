/** What an agent has used of its day. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DayLimits } from '../../../lib/cli/agents/day-limits.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'limits-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const LIMITS = { lots: 10, lossCents: 100_000n };
const limits = (whose = 'acme') => new DayLimits(dir, whose, LIMITS);
const MONDAY = Date.parse('2025-10-20T14:00:00Z');
const DAY = 86_400_000;

test('what is used counts over restarts of the server, up to the limit and not beyond', async () => {
  await limits().count({ lots: 6, lossCents: 500n }, MONDAY);
  await limits().count({ lots: 4, lossCents: 0n }, MONDAY + 3_600_000);
  await expect(limits().count({ lots: 1, lossCents: 0n }, MONDAY)).rejects.toThrow(
    'It would be 11 lots on 2025-10-20, beyond the limit of 10 a day',
  );
  expect(limits().used(MONDAY)).toEqual({ day: '2025-10-20', lots: 10, lossCents: 500n });
});

test('a loss beyond the limit is refused, and nothing of it counts', async () => {
  await limits().count({ lots: 1, lossCents: 99_999n }, MONDAY);
  await expect(limits().count({ lots: 1, lossCents: 2n }, MONDAY)).rejects.toThrow(
    '1000.01 USD of loss on 2025-10-20, beyond the limit of 1000.00 a day',
  );
  expect(limits().used(MONDAY)).toMatchObject({ lots: 1, lossCents: 99_999n });
});

test('a new day of the venue begins anew, and a clock that goes back gives none again', async () => {
  await limits().count({ lots: 10, lossCents: 0n }, MONDAY);
  await limits().count({ lots: 9, lossCents: 0n }, MONDAY + DAY);
  expect(limits().used(MONDAY)).toMatchObject({ day: '2025-10-21', lots: 9 });
  await expect(limits().count({ lots: 2, lossCents: 0n }, MONDAY)).rejects.toThrow('beyond the limit');
});

test('two servers at once count together; another account counts for itself', async () => {
  const asked = Array.from({ length: 15 }, () => limits().count({ lots: 1, lossCents: 0n }, MONDAY));
  const ended = await Promise.allSettled(asked);
  expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect(limits('nimbus').used(MONDAY)).toMatchObject({ lots: 0 });
});

test('the count is readable by its owner only, and one that is damaged or open to others stops orders', async () => {
  await limits().count({ lots: 1, lossCents: 0n }, MONDAY);
  const [name] = readdirSync(dir);
  const file = join(dir, name!);
  expect(statSync(file).mode & 0o077).toBe(0);
  chmodSync(file, 0o644);
  await expect(limits().count({ lots: 1, lossCents: 0n }, MONDAY)).rejects.toThrow('Others may read or change');
  chmodSync(file, 0o600);
  writeFileSync(file, '{"day":');
  await expect(limits().count({ lots: 1, lossCents: 0n }, MONDAY)).rejects.toThrow('the count of the day, is damaged');
});
