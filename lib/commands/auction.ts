/** `npm run -s auction`: plays the running market on to its next auction, and shows what cleared. */
import { command } from './command.ts';
import { DATA_FOLDER } from './options.ts';
import { playMarket } from './playing.ts';

await command(
  {
    name: 'auction',
    about:
      'The clock moves to the next auction of the schedule, on the next business day if need be, and all others send their orders on the way. It meets every order that was answered until then.',
    options: { data: DATA_FOLDER },
    examples: [['', 'the next auction, now']],
  },
  ({ data }) => playMarket(data, { to: 'auction' }),
);
