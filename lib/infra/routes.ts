/**
 * Every route of the API, as `METHOD /path`: the `routeKey` the gateway hands to the function. The account whose data a
 * participant sees comes from the token, so no participant's route names one.
 */

import { type Routes, routeKeyOf } from '../api/route.ts';
import { MARKET, OPERATOR, PARTICIPANT } from '../api/routes.ts';

const UNDECLARED_PARTICIPANT = ['GET /v1/positions', 'GET /v1/account', 'GET /v1/statements'] as const;

const keysOf = (routes: Routes): string[] => Object.values(routes).map(routeKeyOf);

export const PARTICIPANT_ROUTES: readonly string[] = [...UNDECLARED_PARTICIPANT, ...keysOf(PARTICIPANT)];
/** Anyone may ask: no token. */
export const MARKET_ROUTES: readonly string[] = keysOf(MARKET);
export const OPERATOR_ROUTES: readonly string[] = keysOf(OPERATOR);
