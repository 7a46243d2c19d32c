/**
 * Every route of the two APIs, as `METHOD /path`: the `routeKey` the gateway hands to the function. The account whose data a
 * participant sees comes from the token, so no participant's route names one.
 */

import { type Routes, routeKeyOf } from '../api/route.ts';
import { OPERATOR, PARTICIPANT } from '../api/routes.ts';

const UNDECLARED_PARTICIPANT = [
  'POST /v1/submissions',
  'GET /v1/submissions/{submission}',
  'GET /v1/orders',
  'GET /v1/fills',
  'GET /v1/positions',
  'GET /v1/account',
  'GET /v1/statements',
  'GET /v1/stops',
  'POST /v1/stop',
  'POST /v1/release',
  'GET /v1/products',
  'GET /v1/contracts',
  'GET /v1/auctions',
  'GET /v1/auctions/{product}/{auction}',
  'GET /v1/auctions/{product}/{auction}/depth',
  'GET /v1/settlement-prices',
] as const;

const keysOf = (routes: Routes): string[] => Object.values(routes).map(routeKeyOf);

export const PARTICIPANT_ROUTES: readonly string[] = [...UNDECLARED_PARTICIPANT, ...keysOf(PARTICIPANT)];
export const OPERATOR_ROUTES: readonly string[] = keysOf(OPERATOR);
