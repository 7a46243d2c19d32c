/** Every route of participants, by the ids of their operations. */
import { listJournal, listStatements, showAccount, showPositions, showStatement } from './account.ts';
import { listFills, listOrderHistory, listOrders, showOrder } from './orders.ts';
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
