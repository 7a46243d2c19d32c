/**
 * The operator's side of the venue: products, accounts, index values, approvals, the halt switch and the log. What is
 * decided here becomes an event of the clearing log; no route shows an order that has not traded.
 */
import { OPERATOR } from '../../lib/api/routes.ts';
import { operatorOf } from '../http/caller.ts';
import { type Route, serve } from '../http/routes.ts';
import { listAllAccounts, moveCash, openAccounts, showAccount } from './accounts.ts';
import { listCalls } from './calls.ts';
import { amend, approve, decline, listAllHeld } from './held.ts';
import { listAllDays, listLog, showDay } from './history.ts';
import { listIndexValues, putIndexValue } from './index-values.ts';
import type { Answers, Operator } from './operator.ts';
import { listProducts, putProduct } from './products.ts';
import { release, showOwner, stop } from './stops.ts';
import { haltVenue, resumeVenue, showVenue } from './venue.ts';

export const UNDECLARED: Readonly<Record<string, Route<Operator>>> = {
  'GET /v1/operator/products': listProducts,
  'PUT /v1/operator/products/{product}': putProduct,
  'GET /v1/operator/accounts': listAllAccounts,
  'POST /v1/operator/accounts': openAccounts,
  'GET /v1/operator/accounts/{account}': showAccount,
  'GET /v1/operator/owners/{owner}': showOwner,
  'POST /v1/operator/stops': stop,
  'POST /v1/operator/stops/release': release,
  'POST /v1/operator/cash-movements': moveCash,
  'GET /v1/operator/calls': listCalls,
  'GET /v1/operator/index/{product}': listIndexValues,
  'PUT /v1/operator/index/{product}/{date}': putIndexValue,
  'GET /v1/operator/venue': showVenue,
  'POST /v1/operator/venue/halt': haltVenue,
  'POST /v1/operator/venue/resume': resumeVenue,
  'GET /v1/operator/held': listAllHeld,
  'POST /v1/operator/held/{held}/approve': approve,
  'POST /v1/operator/held/{held}/amend': amend,
  'POST /v1/operator/held/{held}/decline': decline,
  'GET /v1/operator/days/{product}': listAllDays,
  'GET /v1/operator/days/{product}/{date}': showDay,
  'GET /v1/operator/log': listLog,
};

const handlers: Answers = {};

export const handler = serve({
  declared: OPERATOR,
  handlers,
  undeclared: UNDECLARED,
  callers: { kind: 'operator', nameOf: operatorOf, admit: async (operator): Promise<Operator> => ({ operator }) },
});
