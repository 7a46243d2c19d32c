/** Every route of the venue, by the function that serves it and the id of its operation. */
import { listJournal } from './account.ts';
import { listFills, listOrderHistory, listOrders, showOrder } from './orders.ts';
import { listRollInstructions, putRollInstruction, removeRollInstruction } from './roll.ts';
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
  listJournal,
  listRollInstructions,
  putRollInstruction,
  removeRollInstruction,
} as const;
/** Public: no route here needs a token. */
export const MARKET = {} as const;
export const OPERATOR = {} as const;

export const ROUTES = { ...MARKET, ...PARTICIPANT, ...OPERATOR } as const;
