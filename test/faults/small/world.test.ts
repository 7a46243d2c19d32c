/** What is tied to a limit is smaller in the small world, and the list of it is whole. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runSmallSeed, smallSeed } from '../../../lib/faults/small/run.ts';
import { SCALED, smallSources } from '../../../lib/faults/small/world.ts';
import { PROJECT } from '../../../lib/infra/bundle.ts';

/** Numbers that are the same in any world, with the reason. */
const SAME: Readonly<Record<string, string>> = {
  'lambdas/until-committed.ts ATTEMPTS_MAX': 'tries, not sizes',
  'lambdas/http/routes.ts ATTEMPTS_MAX': 'tries, not sizes',
  'lambdas/listen/index.ts ATTEMPTS_MAX': 'tries, not sizes',
  'lib/store/table.ts UNPROCESSED_TRIES_MAX': 'tries, not sizes',
  'lib/store/table.ts BUSY_TRIES_MAX': 'tries, not sizes',
  'lambdas/accept-orders/index.ts NEWER_MAX': 'tries, not sizes',
  'lambdas/participant-api/preview.ts NEWER_MAX': 'tries, not sizes',
  'lib/store/stored-book.ts SENDER_BYTES_MAX': 'a name is as long',
  'lambdas/settle-day/index.ts STEPS_MAX': 'steps of a day are as many',
  'lambdas/http/strict-json.ts DIGITS_MAX': 'a number is as long',
  'lambdas/http/request.ts NAME_SHOWN_MAX': 'a name is as long',
  'lambdas/http/problems.ts ERRORS_MAX': 'few to a body that is a hundredth as long',
  'lib/api/reference-page.ts LINE_MAX': 'a page is as wide',
  'lib/api/reference-page.ts DEPTH_MAX': 'a page is as deep',
  'lib/store/results.ts LEVEL_BYTES_MAX': 'a row is as long',
  'lib/store/listeners.ts CONNECTIONS_MAX': 'there are no listeners',
  'lambdas/operator-api/state.ts OWNERS_MAX': 'owners of no route that the world asks',
  'lambdas/operator-api/state.ts PENDING_MAX': 'auctions, which are as many a day',
  'lambdas/operator-api/state.ts STOPS_MAX': 'owners of no route that the world asks',
  'lambdas/operator-api/waiting.ts SHOWN_MAX': 'of no route that the world asks',
  'lib/store/alarms.ts ATTEMPTS_MAX': 'tries, not sizes',
  'lib/store/alarms.ts NAMES_MAX': 'alarms, which are as many',
  'lib/store/log.ts SNAPSHOT_EVERY': 'events, which are as large',
};
/** How what counts something is called; times, codes and versions are called otherwise. */
const COUNTS =
  /^(?:export )?const ([A-Z][A-Z0-9_]*(?:_MAX|_DEFAULT|_EVERY|_ACCOUNTS|_SUBMISSIONS|_TOGETHER|_A_TIME)|CHUNK_BYTES|SLICE) = [\d_* ]+;/gm;

const sources = ['lambdas', 'lib/api', 'lib/store'].flatMap((folder) =>
  readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`),
);

it('every number of the code that counts something is either scaled or the same in any world', () => {
  const counts = sources.flatMap((file) =>
    [...readFileSync(join(PROJECT, file), 'utf8').matchAll(COUNTS)]
      .map(([, name]) => `${file} ${name}`)
      .filter((name) => !/(?<!SLICE)_MS_MAX$/.test(name)),
  );
  const scaled = SCALED.map(([file, before]) => `${file} ${/([A-Z0-9_]+) =/.exec(before)![1]}`);
  expect(counts.length).toBeGreaterThan(15);
  expect([...scaled, ...Object.keys(SAME)].sort()).toEqual(counts.sort());
});

it.each([
  ['lib/store/table.ts', 'BATCH_WRITE_MAX', 'deposits all the time', /Member must have length|a message is in/],
  ['lib/store/queues.ts', 'BATCH_MAX', 'many single orders', /TooManyEntries/],
] as const)('%s %s that is not scaled shows itself', async (file, name, part, says) => {
  const [, before, after] = SCALED.find(([of, text]) => of === file && text.includes(`const ${name} =`))!;
  const sources = smallSources([[file, after, before]]);
  let seed = 0;
  while (smallSeed(seed).disturbed || !smallSeed(seed).parts.includes(part)) seed++;
  const { failures } = await runSmallSeed(seed, smallSources(), sources);
  expect(failures.join('\n')).toMatch(says);
});
