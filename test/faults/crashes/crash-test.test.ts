/** The market of `npm start` is killed while it trades, and nothing that was answered is lost, doubled or wrong. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCrashTest } from '../../../lib/faults/crashes/crash-test.ts';
import { Ledger } from '../../../lib/faults/crashes/ledger.ts';
import { reconcile } from '../../../lib/faults/crashes/reconciliation.ts';
import { readVenue } from '../../../lib/operations/venue-table.ts';

test('what was answered before three crashes stands once after them, and a promise that was broken would be noticed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'crashes-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const ledger = new Ledger();
  const result = await runCrashTest({ dir, times: 3, seed: 2, ledger });
  expect(result.failures).toEqual([]);
  expect(result.submissions.answered).toBeGreaterThan(10);
  expect(result.calls.answered).toBeGreaterThan(2);

  // The same books against promises that were not kept.
  const [kept] = ledger.answered;
  const later = ledger.answered.filter(({ account }) => account === kept!.account).at(-1)!;
  const key = kept!.key.replace(/..$/, (end) => (end === '00' ? '01' : '00'));
  const broken = new Ledger();
  broken.answer(broken.sent({ ...kept!, key }), 'submission');
  broken.done(
    broken.called({
      ...ledger.answeredCalls.find(({ path }) => path.endsWith('cash-movements'))!,
      body: { movements: [{ account: 'acme', reference: 'x', amount: '1.00' }] },
    }),
  );
  broken.answer(broken.sent(later), 'submission');
  broken.answer(broken.sent(kept!), 'submission');
  const { failures } = await reconcile(await readVenue({ data: dir }), broken, { redriven: 0, problems: [], deadLetters: [] });
  expect(failures).toEqual([
    expect.stringContaining(`submission ${key} of ${kept!.account} was answered and is not in BOOK#`),
    expect.stringContaining('which was answered before it was sent'),
    expect.stringContaining('"reference":"x","amount":"1.00"}]} stands 0 times'),
  ]);
});
