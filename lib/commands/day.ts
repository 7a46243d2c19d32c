/** `npm run -s day`: plays the running market through the next day run, and shows what happened. */
import { command } from './command.ts';
import { DATA_FOLDER } from './options.ts';
import { playMarket } from './playing.ts';

await command(
  {
    name: 'day',
    about: 'Through the auctions that are left of the business day, its roll, its closing auction, settlement and statements.',
    options: { data: DATA_FOLDER },
    examples: [['', 'to the end of the business day, or of the next one when this one is over']],
  },
  ({ data }) => playMarket(data, { to: 'day' }),
);
