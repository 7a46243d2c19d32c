/** The routes of the operator's side, by the id of the operation: apart, so that a function that serves these starts with these alone. */
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
