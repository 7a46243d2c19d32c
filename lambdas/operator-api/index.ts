/**
 * The operator's side of the venue: products, accounts, index values, approvals, the halt switch, the log, and what there is to do. What is
 * decided here becomes an event of the clearing log; no route shows an order that has not traded.
 */
import { OPERATOR } from '../../lib/api/operator.ts';
import { operatorOf, rolesOf } from '../http/caller.ts';
import { serve } from '../http/routes.ts';
import { listAccounts, moveCash, openAccounts, showAccount } from './accounts.ts';
import { listActs } from './acts.ts';
import { listMarginCalls } from './calls.ts';
import { amendHeld, approveHeld, declineHeld, listHeld } from './held.ts';
import { listDayRuns, listLog, showDayRun } from './history.ts';
import { listPublishedIndex, putIndexValue, putIndexValues } from './index-values.ts';
import { type Answers, type Operator, refuseRole } from './operator.ts';
import { listProducts, putProduct } from './products.ts';
import { showState } from './state.ts';
import { releaseTrading, showOwner, stopTrading } from './stops.ts';
import { haltVenue, resumeVenue, showVenue } from './venue.ts';
import { showWaiting } from './waiting.ts';

const handlers: Answers = {
  listProductsForOperator: listProducts,
  putProduct,
  listAccounts,
  openAccounts,
  showAccountForOperator: showAccount,
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
};

export const handler = serve({
  declared: OPERATOR,
  handlers,
  callers: {
    kind: 'operator',
    nameOf: operatorOf,
    admit: async (operator, _, event): Promise<Operator> => ({ operator, roles: rolesOf(event) }),
    refuse: refuseRole,
  },
});
