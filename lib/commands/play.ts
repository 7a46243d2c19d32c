/** `npm run -s play`: plays the running market on, to an instant or through a day on which positions roll, at once or at a speed. */

import { choice, instant, whole } from '../cli/terminal/options.ts';
import type { PlayTo } from '../simulation/living-market.ts';
import { command, UsageError } from './command.ts';
import { DATA_FOLDER } from './options.ts';
import { playMarket } from './playing.ts';

const ENDS = ['auction', 'day', 'roll'] as const;

await command(
  {
    name: 'play',
    about:
      'Nothing on the way is left out: index values, the orders of the others, auctions, day runs. Ctrl-C ends the watching; the market plays on to where it was told.',
    options: {
      data: DATA_FOLDER,
      to: choice('--to <end>', 'through the next auction, the next day run, or the next day run on which positions roll', ENDS),
      until: instant('--until <instant>', 'to this instant'),
      speed: whole('--speed <n>', 'so many seconds of the market in one; without it, as fast as it can', {
        least: 1,
        most: 86_400,
      }),
    },
    oneOf: [['--to', '--until']],
    examples: [
      ['--to roll', 'through the next day on which positions roll'],
      ['--until 2026-12-31T22:00:00Z --speed 3600', 'to the end of the year, an hour a second'],
    ],
  },
  ({ data, to, until, speed }) => playMarket(data, { to: endOf(to, until), ...(speed === undefined ? {} : { speed }) }),
);

function endOf(to: (typeof ENDS)[number] | undefined, until: Date | undefined): PlayTo {
  if (to !== undefined) return to;
  if (until !== undefined) return { instantMs: until.getTime() };
  throw new UsageError('name one of --to and --until');
}
