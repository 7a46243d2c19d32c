/** `npm run drill`: the recovery drill. Ends with 0 only if every recommended way back loses nothing and its venue trades on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drill, type WayBack } from '../faults/drill.ts';
import { command } from './command.ts';

await command(
  {
    name: 'drill',
    about:
      'It happens to a small market of its own, in memory: no venue is touched. docs/recovery.md says what to do when it is a real one.',
    options: {},
    examples: [['', 'every way back, and the move into other shards, with what it loses and how long it takes']],
  },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'drill-'));
    try {
      const { accepted, holds } = await drill(dir, show);
      console.log(`\naccepted submissions: ${accepted.inAll}, ${accepted.inBackup} of them in the backup`);
      return holds ? 0 : 1;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);

function show({ name, missing, rows, seconds, differences: [wrong] }: WayBack): void {
  const [open, build, trade] = [seconds.open, seconds.build, seconds.trade].map((each) => `${each.toFixed(1)} s`);
  console.log(`${name}: ${missing} accepted submissions lost`);
  console.log(`  ${open} to start an empty cloud, ${build} to build ${rows} rows and verify`);
  console.log(`  next auctions and day runs ${trade}; audit ${wrong === undefined ? 'holds' : `fails: ${wrong}`}`);
}
