/** A loop without end ends its process, with the name of what was in work; work that lets go of the thread does not. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const WATCH = join(import.meta.dirname, 'watch.ts');

/** A process that is watched for loops of half a second. */
function run(work: string) {
  const program = `
    const { watchForEndlessLoops } = await import(${JSON.stringify(WATCH)});
    const inWork = watchForEndlessLoops(500, 50);
    inWork('the work of this test');
    await new Promise((resolve) => setTimeout(resolve, 200));
    ${work}`;
  const { signal, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  return { signal, status, stderr: stderr.trim() };
}

test('a loop without end is killed and named', () => {
  expect(run('for (;;);')).toEqual({
    signal: 'SIGKILL',
    status: null,
    stderr: 'No timer has run for 0.5 s, as in a loop without end. In work: the work of this test',
  });
});

test('waiting, and work in pieces, goes on for as long as it takes', () => {
  const work = `
    const busy = (ms) => { for (const until = performance.now() + ms; performance.now() < until; ); };
    for (let piece = 0; piece < 10; piece++) {
      busy(100);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }`;
  expect(run(work)).toMatchObject({ signal: null, status: 0 });
});
