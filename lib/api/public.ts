/** Every route that needs no token, by the ids of their operations. */
import {
  listAuctions,
  listCalendar,
  listContracts,
  listDepth,
  listHistory,
  listIndexHistory,
  listProducts,
  listRolls,
  showAuction,
  showNextAuction,
  showSettlementPrices,
} from './market.ts';
import { showOpenApi, showReference } from './reference.ts';

/** Public: no route here needs a token. */
export const MARKET = {
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
} as const;
