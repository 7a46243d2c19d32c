/** Every route of the venue, by the function that serves it and the id of its operation. */

import {
  listJournal,
  listStatements,
  showAccount,
  showPositions,
  showStatement,
  showStatementCsv,
  showStatementPdf,
} from './account.ts';
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
import { OPERATOR } from './operator.ts';
import { listFills, listOrderHistory, listOrders, showOrder } from './orders.ts';
import { showOpenApi, showReference } from './reference.ts';
import { listRollInstructions, putRollInstruction, removeRollInstruction, showRoll } from './roll.ts';
import { release, removeCancelAllAfter, setCancelAllAfter, showCancelAllAfter, showStops, stop } from './stops.ts';
import { cancelOrder, cancelOrders, listSubmissions, previewOrders, showSubmission, submitOrders } from './submissions.ts';

export const PARTICIPANT = {
  submitOrders,
  previewOrders,
  listSubmissions,
  showSubmission,
  listOrders,
  showOrder,
  listOrderHistory,
  cancelOrder,
  cancelOrders,
  listFills,
  showCancelAllAfter,
  setCancelAllAfter,
  removeCancelAllAfter,
  showStops,
  stop,
  release,
  showAccount,
  showPositions,
  listJournal,
  listStatements,
  showStatement,
  showRoll,
  listRollInstructions,
  putRollInstruction,
  removeRollInstruction,
} as const;
/** Of a participant too: what takes more to write than JSON. */
export const STATEMENT = { showStatementCsv, showStatementPdf } as const;
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

export { OPERATOR };

export const ROUTES = { ...MARKET, ...PARTICIPANT, ...STATEMENT, ...OPERATOR } as const;
