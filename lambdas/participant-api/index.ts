/**
 * The participants' side of the venue: takes submissions, and shows an account what is its own. A
 * route is named as the gateway names it; the account whose data it shows comes from the token.
 */
import { PARTICIPANT } from '../../lib/api/routes.ts';
import { accountOf } from '../http/caller.ts';
import { type Route, serve } from '../http/routes.ts';
import { listJournal, listStatements, showAccount, showPositions } from './account.ts';
import { listFills } from './fills.ts';
import { listOrders } from './orders.ts';
import { type Answers, admitParticipant, type Participant } from './participant.ts';
import { listRollInstructions, putRollInstruction, removeRollInstruction } from './roll-instructions.ts';
import { release, showStops, stop } from './stops.ts';
import { showSubmission, submit } from './submissions.ts';

export const UNDECLARED: Readonly<Record<string, Route<Participant>>> = {
  'POST /v1/submissions': submit,
  'GET /v1/submissions/{submission}': showSubmission,
  'GET /v1/orders': listOrders,
  'GET /v1/fills': listFills,
  'GET /v1/positions': showPositions,
  'GET /v1/account': showAccount,
  'GET /v1/statements': listStatements,
  'GET /v1/stops': showStops,
  'POST /v1/stop': stop,
  'POST /v1/release': release,
};

const handlers: Answers = { listJournal, listRollInstructions, putRollInstruction, removeRollInstruction };

export const handler = serve({
  declared: PARTICIPANT,
  handlers,
  undeclared: UNDECLARED,
  callers: { kind: 'participant', nameOf: accountOf, admit: admitParticipant },
});
