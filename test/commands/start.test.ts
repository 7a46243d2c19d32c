/** What the local market keeps and shows. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Banner, bannerLines } from '../../lib/commands/banner.ts';
import { OperationsError } from '../../lib/operations/error.ts';
import { aheadOf, MarketFolder } from '../../lib/operations/market-folder.ts';
import { lastClosed, nextAuction } from '../../lib/simulation/demo-market.ts';

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
  table: { name: 'venue', endpoint: 'http://127.0.0.1:2' },
  control: { url: 'http://127.0.0.1:3/play', secret: 's' },
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
    expect(statSync(join(dir, 'running.json')).mode & 0o077).toBe(0);
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

test.each([
  ['in the morning, at ten', '2026-11-20T14:00:00Z', '2026-11-20 10:00'],
  ['after the last, on the next business day', '2026-11-20T21:00:00Z', '2026-11-23 10:00'],
  ['before a holiday, after it', '2026-11-25T21:30:00Z', '2026-11-27 10:00'],
])('the next auction is, %s', (_, now, at) => {
  expect(nextAuction(Date.parse(now), ['10:00', '13:00', '16:00'])).toBe(at);
});

describe('the banner', () => {
  const board: Banner = {
    url: 'http://127.0.0.1:4010',
    product: 'H100-SXM',
    now: '2026-11-21 09:00',
    timeZone: 'America/New_York',
    aheadMs: 0,
    tokensFile: '.market/tokens.env',
    contracts: [{ contract: 'H100-SXM-2027-01', settlementPrice: '2.420', near: true }],
    isClosed: false,
    nextAuction: '2026-11-23 10:00',
    dataDir: '.market',
    here: '',
  };

  test('shows an order for the near month, a little above its price', () => {
    expect(bannerLines(board).join('\n')).toContain('compute-exchange buy 5 H100-SXM-2027-01 --at 2.440');
  });

  test('says on a day without trading how to play on to the next', () => {
    expect(bannerLines({ ...board, isClosed: true }).join('\n')).toContain('Closed today: orders rest until the next auction');
    expect(bannerLines(board).join('\n')).not.toContain('Closed');
  });

  test('says how far its clock is ahead, to the minute', () => {
    const ahead = bannerLines({ ...board, aheadMs: 49 * 3_600_000 + 5 * 60_000 }).join('\n');
    expect(ahead).toContain('It is 2026-11-21 09:00 in America/New_York, 49 h 5 min ahead of this machine;');
    expect(bannerLines(board).join('\n')).not.toContain('ahead of');
  });

  test('names a market that the other commands would not find by themselves', () => {
    const elsewhere = bannerLines({ ...board, here: ' -- --data other' }).join('\n');
    expect(elsewhere).toContain('npm run -s auction -- --data other\n');
  });
});

describe('the clock of a start', () => {
  const machineMs = Date.parse('2026-11-21T14:00:00Z');
  const kept = { aheadMs: 3_600_000, seeded: true };

  test('goes on where it was', () => expect(aheadOf(kept, undefined, machineMs)).toBe(3_600_000));

  test('is set to the instant that is asked for, however often', () => {
    const until = new Date('2026-11-23T14:30:00Z');
    const aheadMs = aheadOf(kept, until, machineMs);
    expect(machineMs + aheadMs).toBe(until.getTime());
    expect(aheadOf({ ...kept, aheadMs }, until, machineMs)).toBe(aheadMs);
  });

  test.each([
    [
      'does not go back',
      '2026-11-21T14:59:59Z',
      "stands at 2026-11-21T15:00:00.000Z and can't go back to 2026-11-21T14:59:59.000Z",
    ],
    ['does not go further than a year', '2027-11-23T15:00:01Z', 'more than 366 days later'],
  ])('%s, and says what to do', (_, until, says) => {
    expect(() => aheadOf(kept, new Date(until), machineMs)).toThrow(OperationsError);
    expect(() => aheadOf(kept, new Date(until), machineMs)).toThrow(says);
  });

  test('is refused before anything is made', () => {
    const script = join(import.meta.dirname, '..', '..', 'lib', 'commands', 'start.ts');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--data', dir, '--until', '2025-01-01T00:00:00Z'], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /can't go back to 2025-01-01T00:00:00\.000Z\n {2}Name a later instant, or begin anew with --reset\.\n$/,
    );
    expect(readdirSync(dir)).toEqual([]);
  });
});

test('the key command prints a fresh UUIDv7', () => {
  const script = join(import.meta.dirname, '..', '..', 'lib', 'commands', 'key.ts');
  const key = execFileSync(process.execPath, [script, '--data', dir]).toString().trim();
  expect(z.uuidv7().safeParse(key).success).toBe(true);
  expect(Math.abs(Number.parseInt(key.replace('-', '').slice(0, 12), 16) - Date.now())).toBeLessThan(60_000);
});
