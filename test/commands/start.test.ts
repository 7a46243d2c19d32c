/** What the local market keeps and shows. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Banner, bannerLines } from '../../lib/commands/banner.ts';
import { MarketFolder } from '../../lib/operations/market-folder.ts';
import { lastClosed } from '../../lib/simulation/demo-market.ts';
import { on } from '../venue/h100.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'market-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const RUNNING = {
  pid: process.pid,
  url: 'http://127.0.0.1:1',
  product: 'H100-SXM',
  timeZone: 'America/New_York',
  closings: 'http://127.0.0.1:2/closings',
  aheadMs: 0,
  tokensFile: 'tokens.env',
  tables: 'http://127.0.0.1:2',
};

describe('the folder', () => {
  test('gives back tokens as they were written, to its owner only', () => {
    const folder = new MarketFolder(dir);
    folder.writeTokens({ ACME: 'a.b-c_d', MARKET: 'http://127.0.0.1:4010' });
    expect(folder.readTokens()).toEqual({ ACME: 'a.b-c_d', MARKET: 'http://127.0.0.1:4010' });
    expect(statSync(folder.tokensFile).mode & 0o077).toBe(0);
    expect(execFileSync('sh', ['-c', `. ${folder.tokensFile}; printf %s "$ACME"`]).toString()).toBe('a.b-c_d');
  });

  test('knows a running market from one that was killed', () => {
    const folder = new MarketFolder(dir);
    folder.noteRunning(RUNNING);
    expect(folder.running()).toEqual(RUNNING);
    folder.noteRunning({ ...RUNNING, pid: 2 ** 22 + 1 });
    expect(folder.running()).toBeUndefined();
  });

  test('is not deleted under a running market', () => {
    const folder = new MarketFolder(dir);
    folder.noteRunning(RUNNING);
    expect(() => folder.reset()).toThrow('is running');
    folder.noteStopped();
    folder.reset();
    expect(folder.kept()).toEqual({ aheadMs: 0, seeded: false });
  });

  test('says which of its files is damaged', () => {
    writeFileSync(join(dir, 'market.json'), '{"ahead');
    expect(() => new MarketFolder(dir).kept()).toThrow('market.json is damaged');
  });
});

test.each([
  ['before the close of a trading day, the day before it', '2026-11-20T20:59:00Z', '2026-11-19'],
  ['after it, that day', '2026-11-20T21:00:00Z', '2026-11-20'],
  ['on a weekend, Friday', '2026-11-22T12:00:00Z', '2026-11-20'],
  ['on the morning after a holiday, the day before the holiday', '2026-11-27T12:00:00Z', '2026-11-25'],
])('a new market is listed as of the last closed day: %s', (_, now, date) => {
  expect(lastClosed(Date.parse(now))).toBe(date);
});

describe('the banner', () => {
  const board: Banner = {
    url: 'http://127.0.0.1:4010',
    product: 'H100-SXM',
    now: '2026-11-21 09:00',
    timeZone: 'America/New_York',
    aheadHours: 0,
    tokensFile: '.market/tokens.env',
    contracts: [{ contract: 'H100-SXM-2027-01', settlementPrice: '2.420', near: true }],
    closedUntil: undefined,
    nextAuction: '2026-11-23 10:00',
    dataDir: '.market',
  };

  test('shows an order for the near month, a little above its price', () => {
    expect(bannerLines(board).join('\n')).toContain('"contract":"H100-SXM-2027-01","price":"2.440"');
  });

  test('says on a day without trading how to be on one', () => {
    const closed = bannerLines({ ...board, closedUntil: { date: on('2026-11-23'), hours: 49 } });
    expect(closed.join('\n')).toContain(
      'Orders rest until 2026-11-23; to be there now, stop and run:\n  npm start -- --ahead 49',
    );
    expect(bannerLines(board).join('\n')).not.toContain('Closed');
  });
});

test('the key command prints a fresh UUIDv7', () => {
  const script = join(import.meta.dirname, '..', '..', 'lib', 'commands', 'key.ts');
  const key = execFileSync(process.execPath, [script, dir]).toString().trim();
  expect(z.uuidv7().safeParse(key).success).toBe(true);
  expect(Math.abs(Number.parseInt(key.replace('-', '').slice(0, 12), 16) - Date.now())).toBeLessThan(60_000);
});
