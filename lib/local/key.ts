/** `npm run -s key`: prints an idempotency key, a UUIDv7 of the running market's clock, or of this machine's without one. */
import { MARKET_FOLDER, MarketFolder } from './market/folder.ts';
import { uuidv7 } from './market/uuid.ts';

console.log(uuidv7(Date.now() + (new MarketFolder(process.argv[2] ?? MARKET_FOLDER).running()?.aheadMs ?? 0)));
