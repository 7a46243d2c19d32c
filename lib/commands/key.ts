/** `npm run -s key`: prints an idempotency key, a UUIDv7 of the running market's clock, or of this machine's without one. */
import { uuidv7 } from '../client/idempotency-key.ts';
import { MarketFolder } from '../operations/market-folder.ts';
import { command } from './command.ts';
import { DATA_FOLDER } from './options.ts';

await command(
  {
    name: 'key',
    about:
      "The key is good for a submission sent at once: the venue refuses one whose time is not its own. Without a running market it is of this machine's clock.",
    options: { data: DATA_FOLDER },
    examples: [['', 'a key, as in -H "Idempotency-Key: $(npm run -s key)"']],
  },
  ({ data }) => {
    console.log(uuidv7(Date.now() + (new MarketFolder(data).running()?.aheadMs ?? 0)));
    return 0;
  },
);
