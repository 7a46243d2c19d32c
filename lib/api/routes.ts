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
import {
  listAccounts,
  listMarginCalls,
  moveCash,
  openAccounts,
  releaseTrading,
  showAccountForOperator,
  showOwner,
  stopTrading,
} from './operator-accounts.ts';
import { amendHeld, approveHeld, declineHeld, listHeld } from './operator-held.ts';
import { listPublishedIndex, putIndexValue, putIndexValues } from './operator-index.ts';
import { listProductsForOperator, putProduct } from './operator-products.ts';
import { showState, showWaiting } from './operator-state.ts';
import { haltVenue, listActs, listDayRuns, listLog, resumeVenue, showDayRun, showVenue } from './operator-venue.ts';
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
export const OPERATOR = {
  listProductsForOperator,
  putProduct,
  listAccounts,
  openAccounts,
  showAccountForOperator,
  showOwner,
  stopTrading,
  releaseTrading,
  moveCash,
  listMarginCalls,
  listPublishedIndex,
  putIndexValue,
  putIndexValues,
  showVenue,
  haltVenue,
  resumeVenue,
  showState,
  showWaiting,
  listHeld,
  approveHeld,
  amendHeld,
  declineHeld,
  listDayRuns,
  showDayRun,
  listLog,
  listActs,
} as const;

export const ROUTES = { ...MARKET, ...PARTICIPANT, ...STATEMENT, ...OPERATOR } as const;
