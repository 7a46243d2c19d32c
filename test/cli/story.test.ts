/** A participant and two operators at their terminals, on a whole venue: from signing in to the statement. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writtenParameters } from '../../lib/domain/contract/parameters.ts';
import { newYork, RISKY } from '../venue/h100.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { Home, type Ran } from './surroundings.ts';

const PRODUCT = 'H100-SXM';
/** The December contract begins to roll on the day after the first. */
const [THURSDAY, FRIDAY] = ['2025-11-06', '2025-11-07'] as const;

let venue: LocalVenue;
let home: Home;
beforeAll(async () => {
  venue = await openLocalVenue({ listed: '2025-11-05' });
  await venue.list(PRODUCT, writtenParameters(RISKY));
  home = new Home();
});
afterAll(async () => {
  home[Symbol.dispose]();
  await venue.expectSound();
  await venue[Symbol.asyncDispose]();
});

const run = (...words: string[]): Promise<Ran> => home.run(words);
const json = async (...words: string[]) => JSON.parse((await done(...words, '--json')).out);
async function done(...words: string[]): Promise<Ran> {
  const ran = await run(...words);
  expect(ran, words.join(' ')).toMatchObject({ code: 0 });
  return ran;
}

const token = (profile: string): Promise<string> =>
  venue.cloud.mint({
    sub: `${profile}-person`,
    expiresIn: 366 * 86_400,
    ...(profile.startsWith('op') ? { groups: ['operators', 'approvers'] } : { attributes: { account: profile } }),
  });

describe('from signing in to the statement', () => {
  test('a person signs in with a token that the venue takes, and it is kept where only they can read it', async () => {
    for (const profile of ['acme', 'nimbus', 'op-a', 'op-b']) {
      const words = [
        'sign-in',
        '--url',
        venue.cloud.url,
        '--listen',
        venue.cloud.webSocketUrl!,
        '--profile',
        profile,
        '--token-stdin',
        '--keep-in-use',
      ];
      const { code, out } = await home.run(words, { input: `${await token(profile)}\n` });
      expect([code, out]).toEqual([
        0,
        `Signed in to ${venue.cloud.url} as ${profile.startsWith('op') ? 'an operator' : profile}, by the profile ${profile}.\n`,
      ]);
    }
    expect(await json('whoami')).toMatchObject({ profile: 'acme', account: 'acme', name: 'acme' });
    expect(statSync(join(home.dir, 'config', 'compute-exchange', 'profiles.json')).mode & 0o077).toBe(0);
  });

  test('looks at the market, with a profile or without one', async () => {
    const market = await json('market');
    expect(market).toMatchObject({ product: PRODUCT, lastAuction: null, nextAuction: { auction: 1 } });
    expect(market.contracts[1]).toMatchObject({ contract: 'H100-SXM-2025-12', near: true });
    using stranger = new Home();
    const { code, out } = await stranger.run(['market', '--url', venue.cloud.url]);
    expect([code, out]).toEqual([0, (await done('market')).out]);
    expect(out).toMatch(/^contract +mark USD +band USD/m);
    expect(await stranger.run(['positions', '--url', venue.cloud.url])).toMatchObject({ code: 3, out: '' });
  });

  test('sees what an order would come to before it is sent, and sends nothing without saying yes', async () => {
    const words = ['buy', '10', '2025-12', '--at', '2.450', '--name', 'first'];
    const declined = await home.run(words, { typed: 'n\n' });
    expect(declined).toMatchObject({ code: 1, out: '' });
    expect(declined.err).toMatch(/first +buy H100-SXM-2025-12 +2\.450 +10 +accepted/);
    expect(declined.err).toMatch(/margin +0\.00 +3400\.00 +1000000\.00/);
    expect(declined.err).toContain('Send it? [y/N] Not confirmed; nothing was sent\n');
    expect((await json('orders')).items).toEqual([]);
    const agreed = await home.run(words, { typed: 'y\n' });
    expect(agreed).toMatchObject({ code: 0 });
    expect(agreed.out).toMatch(/first +accepted/);
    expect((await json('orders')).items).toMatchObject([{ clientOrderId: 'first', lots: 10 }]);
  });

  test('is told of the fill', async () => {
    const [told, byLines] = await Promise.all([
      home.run(['watch', '--fills', '--count', '1', '--for', '30', '--every', '600']),
      home.run(['watch', '--count', '3', '--for', '30', '--every', '1', '--ndjson', '--polling']),
      trade(),
    ]);
    expect(told).toMatchObject({ code: 0, out: 'fill     2025-11-06  first: buy H100-SXM-2025-12, 10 lots at 2.410\n' });
    const lines = byLines.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { news: string });
    expect(lines.map(({ news }) => news)).toEqual(['auction', 'fill', 'account']);
    expect((await json('fills')).items).toMatchObject([{ clientOrderId: 'first', lots: 10, price: '2.410' }]);
    // Who was away catches up by number.
    const { out } = await done('watch', '--since', '0', '--for', '1', '--fills', '--ndjson');
    expect(JSON.parse(out)).toMatchObject({ news: 'fill', clientOrderId: 'first' });
  });

  /** The other side, and the auction, once those who watch have begun. */
  async function trade(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await done('sell', '10', 'H100-SXM-2025-12', '--at', '2.400', '--yes', '--profile', 'nimbus');
    await venue.auction(PRODUCT);
  }

  test('switches the roll on, and sees what is due when', async () => {
    expect((await done('roll', 'on', '--limit', '0.020')).out).toContain('roll at 0.020 or better');
    expect((await done('roll', 'plan')).out).toMatch(/^2025-11-07 +2 /m);
  });

  test('two operators publish the index by a file, and the day is closed', async () => {
    const input = `date,value\n${THURSDAY},2.4123\n`;
    const put = await home.run(['operator', 'put-index', '-', '--profile', 'op-a'], { input });
    expect(put).toMatchObject({ code: 0 });
    const id = `index.${PRODUCT}.${THURSDAY}`;
    expect(put.out).toContain(id);
    expect(await run('operator', 'approve', id, '--yes', '--profile', 'op-a')).toMatchObject({
      code: 1,
      err: expect.stringContaining('second-operator-needed'),
    });
    const approved = await home.run(['operator', 'approve', id, '--profile', 'op-b'], { typed: 'yes\n' });
    expect(approved).toMatchObject({ code: 0 });
    expect(approved.err).toContain('"value": "2.412300"');
    await close(THURSDAY);
    expect((await json('history')).items).toMatchObject([{ date: THURSDAY }]);
  });

  async function close(date: string): Promise<void> {
    await venue.go(date, '16:00');
    venue.cloud.send('rolls', { v: 1, product: PRODUCT, slot: newYork(date, '16:00') });
    await venue.cloud.quiet();
    expect(await venue.stepOf(date, PRODUCT)).toBe('done');
  }

  test('a fifth of the position rolls on the first day of the window, and the account says at what cost', async () => {
    await venue.go(FRIDAY, '09:30');
    await done(
      'spread',
      '5',
      '--buy',
      '2025-12',
      '--sell',
      '2026-01',
      '--at',
      '-0.010',
      '--time-in-force',
      'day',
      '--yes',
      '--profile',
      'nimbus',
    );
    await home.run(['operator', 'put-index', FRIDAY, '2.4100', '--profile', 'op-a']);
    await done('operator', 'approve', `index.${PRODUCT}.${FRIDAY}`, '--yes', '--profile', 'op-b');
    await close(FRIDAY);
    const { windows } = await json('roll');
    expect(windows[0]).toMatchObject({ near: 'H100-SXM-2025-12', rolled: 2, left: 8, cost: '20.00' });
    expect((await json('positions')).positions).toMatchObject([{ lots: 8 }, { contract: 'H100-SXM-2026-01', lots: 2 }]);
    expect((await json('rolls')).items).toMatchObject([{ date: FRIDAY, longsRolled: 2 }]);
  });

  test('the statement is a page, rows, and a file as PDF, the same bytes whenever it is asked for', async () => {
    expect((await done('statement')).out).toMatch(/^rolled +2 lots, cost 20\.00 USD$/m);
    expect((await done('statement', FRIDAY, '--csv')).out).toMatch(/^acme,H100-SXM,2025-11-07,closing-balance,/m);
    const files = ['one.pdf', 'two.pdf'].map((name) => join(home.dir, name));
    for (const file of files) await done('statement', '--pdf', '--out', file);
    const [one, two] = files.map((file) => readFileSync(file));
    expect(one!.subarray(0, 5).toString()).toBe('%PDF-');
    expect(one!.equals(two!)).toBe(true);
    expect((await json('statements')).items.map(({ date }: { date: string }) => date)).toEqual([FRIDAY, THURSDAY]);
  });
});

describe('what goes wrong has a code, and changes nothing', () => {
  test('an order that would be refused is shown with its figures, and not sent', async () => {
    const refused = await run('buy', '9999', '2025-12', '--at', '2.410', '--yes');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/refused +order-too-large +allowed 1000, would 9999/);
    expect((await json('orders')).items).toEqual([]);
  });

  test('a price off the grid is refused with the field and the rule', async () => {
    const { code, err } = await run('buy', '1', '2025-12', '--at', '2.4101', '--yes', '--json');
    const { error } = JSON.parse(err);
    expect([code, error.code, error.errors]).toEqual([
      1,
      'invalid-submission',
      [{ path: '$.orders[0].price', rule: expect.any(String) }],
    ]);
    expect(error.requestId).toEqual(expect.any(String));
  });

  test('the same call with its key asks again, and the orders count once', async () => {
    const words = ['buy', '1', '2025-12', '--at', '2.001', '--time-in-force', 'gtc', '--yes', '--json'];
    const first = JSON.parse((await done(...words)).out);
    const again = JSON.parse((await done(...words, '--key', first.key)).out);
    expect(again).toEqual(first);
    expect((await json('orders')).items).toHaveLength(1);
    expect(await run('buy', '2', '2025-12', '--at', '2.001', '--yes', '--key', first.key)).toMatchObject({
      code: 1,
      err: expect.stringContaining('idempotency-key-reused'),
    });
  });

  test('orders of a file come in together, and what is refused of them says why', async () => {
    const input =
      'clientOrderId,side,contract,price,lots,timeInForce\nc1,buy,2026-01,2.001,1,gtc\nc2,buy,2026-01,2.002,9999,gtc\n';
    const ran = await home.run(['submit', '-', '--yes', '--json'], { input });
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.out).orders).toMatchObject([
      { clientOrderId: 'c1', outcome: 'accepted' },
      { outcome: 'refused', reason: 'order-too-large' },
    ]);
    expect(JSON.parse(ran.err.slice(ran.err.indexOf('{')))).toMatchObject({ error: { message: '1 of 2 refused' } });
  });

  test('cancels take out one, several, and all', async () => {
    const live = async (): Promise<number> => (await json('orders')).items.length;
    expect(await live()).toBe(2);
    await done('cancel', 'c1');
    expect(await live()).toBe(1);
    expect(await run('cancel', 'c1', 'c2')).toMatchObject({ code: 1, err: expect.stringContaining('2 of 2 refused') });
    await done('cancel', '--all');
    expect(await live()).toBe(0);
    expect((await json('orders', 'c1')).items.map(({ event }: { event: string }) => event)).toEqual([
      'refused',
      'cancelled',
      'accepted',
    ]);
  });

  test("the kill switch and the dead-man's switch say how they stand", async () => {
    expect(await json('cancel-all-after', '60')).toMatchObject({ state: 'on' });
    expect(await json('cancel-all-after', '0')).toMatchObject({ state: 'off' });
    expect((await done('stop', '--reason', 'a runaway')).out).toContain('acme is STOPPED');
    expect(await run('buy', '1', '2025-12', '--at', '2.001', '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('stopped'),
    });
    expect((await done('release')).out).toContain('acme trades');
  });
});

describe('operators', () => {
  const op = (...words: string[]): Promise<Ran> => run('operator', ...words, '--profile', 'op-a');

  test('open accounts and move cash from files, tried first', async () => {
    const accounts = 'account,name\nnewco,"New Compute, Ltd"\nother,Other\n';
    const tried = await home.run(['operator', 'open-accounts', '-', '--dry-run', '--profile', 'op-a'], { input: accounts });
    expect(tried).toMatchObject({ code: 0, out: 'It would go through: 2 in 1 request, done at once.\n' });
    expect(await op('account', 'newco')).toMatchObject({ code: 1 });
    const opened = await home.run(['operator', 'open-accounts', '-', '--yes', '--profile', 'op-a'], { input: accounts });
    expect(opened).toMatchObject({ code: 0 });
    await venue.cloud.quiet();
    const movements = JSON.stringify({ movements: [{ account: 'newco', reference: 'first', amount: '500000.00' }] });
    const moved = await home.run(['operator', 'move-cash', '-', '--yes', '--profile', 'op-a'], { input: movements });
    expect(moved.out).toContain('1 of which will wait for a second operator');
    const id = /operator approve (cash\.\w+)/.exec(moved.err)![1]!;
    expect((await op('waiting')).out).toContain(id);
    await done('operator', 'approve', id, '--yes', '--profile', 'op-b');
    await venue.cloud.quiet();
    const shown = await op('account', 'newco');
    expect(shown.out).toMatch(/^name +New Compute, Ltd$/m);
    expect(shown.out).toMatch(/^cash USD +500000\.00$/m);
  });

  test('decline, halt, let go on, stop and release, and see who did what', async () => {
    const movements = 'account,reference,amount\nother,big,200000.00\n';
    const { err } = await home.run(['operator', 'move-cash', '-', '--yes', '--profile', 'op-a'], { input: movements });
    const id = /operator approve (cash\.\w+)/.exec(err)![1]!;
    expect(await op('decline', id)).toMatchObject({ code: 2, err: expect.stringContaining('--reason is missing') });
    expect(await op('decline', id, '--reason', 'not ours')).toMatchObject({ code: 0 });
    expect((await op('halt', '--reason', 'a test')).out).toMatch(/^halted +a test$/m);
    expect((await op('state')).out).toMatch(/^halted +YES, by op-a-person/m);
    expect(await op('resume')).toMatchObject({ code: 0 });
    await venue.cloud.quiet();
    expect(await op('stop', '--reason', 'why')).toMatchObject({ code: 2 });
    expect(await op('stop', '--owner', 'other', '--reason', 'out of bounds')).toMatchObject({ code: 0 });
    expect((await op('state')).out).toMatch(/^stopped +other$/m);
    expect(await op('release', '--owner', 'other', '--reason', 'put right')).toMatchObject({ code: 0 });
    const acts = await json('operator', 'acts', '--all', '--profile', 'op-a');
    expect(acts.items.map(({ act }: { act: string }) => act)).toEqual(
      expect.arrayContaining(['halted', 'resumed', 'stopped', 'released', 'declined', 'accounts-opened']),
    );
    expect((await op('log', '--all', '--ndjson')).out.trim().split('\n').length).toBeGreaterThan(10);
    expect(await op('days')).toMatchObject({ code: 0 });
  });

  test('are not participants, nor participants operators: code 3', async () => {
    expect(await run('operator', 'state', '--profile', 'acme')).toMatchObject({ code: 3 });
    expect(await run('account', '--profile', 'op-a')).toMatchObject({
      code: 3,
      err: expect.stringContaining('Use another profile'),
    });
  });
});

test('signing out forgets the profile, and the next call says how to sign in', async () => {
  await done('sign-out', '--profile', 'nimbus');
  expect(await run('orders', '--profile', 'nimbus')).toMatchObject({
    code: 2,
    err: expect.stringContaining('There are: acme, op-a, op-b'),
  });
});
