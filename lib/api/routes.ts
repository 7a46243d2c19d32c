/** Every route of the venue, by the function that serves it and the id of its operation. */
import { listJournal } from './account.ts';
import { listAuctions, listContracts, listDepth, listProducts, showAuction, showSettlementPrices } from './market.ts';
import { listRollInstructions, putRollInstruction, removeRollInstruction } from './roll.ts';

export const PARTICIPANT = { listJournal, listRollInstructions, putRollInstruction, removeRollInstruction } as const;
/** Public: no route here needs a token. */
export const MARKET = { listProducts, listContracts, listAuctions, showAuction, listDepth, showSettlementPrices } as const;
export const OPERATOR = {} as const;

export const ROUTES = { ...MARKET, ...PARTICIPANT, ...OPERATOR } as const;
