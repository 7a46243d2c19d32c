/**
 * The participants' side of the venue: takes submissions, and shows an account what is its own. A
 * route is named as the gateway names it; the account whose data it shows comes from the token.
 */
import { PARTICIPANT } from '../../lib/api/participant.ts';
import { accountOf } from '../http/caller.ts';
import { serve } from '../http/routes.ts';
import { listJournal, listStatements, showAccount, showPositions, showStatement } from './account.ts';
import { removeCancelAllAfter, setCancelAllAfter, showCancelAllAfter } from './cancel-all-after.ts';
import { listFills } from './fills.ts';
import { listOrderHistory, showOrder } from './order-history.ts';
import { listOrders } from './orders.ts';
import { type Answers, admitParticipant } from './participant.ts';
import { previewOrders } from './preview.ts';
import { showRoll } from './roll.ts';
import { listRollInstructions, putRollInstruction, removeRollInstruction } from './roll-instructions.ts';
import { release, showStops, stop } from './stops.ts';
import { cancelOrder, cancelOrders, listSubmissions, showSubmission, submitOrders } from './submissions.ts';

const handlers: Answers = {
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
};

export const handler = serve({
  declared: PARTICIPANT,
  handlers,
  callers: { kind: 'participant', nameOf: accountOf, admit: admitParticipant },
});
