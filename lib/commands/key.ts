/** `npm run -s key`: prints an idempotency key, a UUIDv7 of the running market's clock, or of this machine's without one. */

import { uuidv7 } from '../client/idempotency-key.ts';
import { MARKET_FOLDER, MarketFolder } from '../operations/market-folder.ts';

console.log(uuidv7(Date.now() + (new MarketFolder(process.argv[2] ?? MARKET_FOLDER).running()?.aheadMs ?? 0)));
