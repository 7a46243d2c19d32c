/**
 * What is public: products, prices, cleared auctions and what is due. Nothing here depends on a caller, no token is read, and of what has
 * not cleared there is nothing.
 */
import { MARKET } from '../../lib/api/public.ts';
import { serve } from '../http/routes.ts';
import { listAuctions, listDepth, showAuction } from './auctions.ts';
import { listContracts, listProducts, showSettlementPrices } from './contracts.ts';
import { listCalendar, listHistory, listIndexHistory, listRolls, showNextAuction } from './days.ts';
import { type Answers, addressOf, type Public } from './public.ts';
import { showOpenApi, showReference } from './reference.ts';

const handlers: Answers = {
  showOpenApi,
  showReference,
  listProducts,
  listContracts,
  listAuctions,
  showNextAuction,
  showAuction,
  listDepth,
  showSettlementPrices,
  listCalendar,
  listHistory,
  listIndexHistory,
  listRolls,
};

export const handler = serve({
  declared: MARKET,
  handlers,
  callers: { kind: 'address', nameOf: addressOf, admit: async (address): Promise<Public> => ({ address }) },
});
