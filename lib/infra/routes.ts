/**
 * Every route of the API, as `METHOD /path`: the `routeKey` the gateway hands to the function. The account whose data a
 * participant sees comes from the token, so no participant's route names one.
 */

import { type Routes, routeKeyOf } from '../api/route.ts';
import { MARKET, OPERATOR, PARTICIPANT, STATEMENT } from '../api/routes.ts';

const keysOf = (routes: Routes): string[] => Object.values(routes).map(routeKeyOf);

export const PARTICIPANT_ROUTES: readonly string[] = keysOf(PARTICIPANT);
export const STATEMENT_ROUTES: readonly string[] = keysOf(STATEMENT);
/** Anyone may ask: no token. */
export const MARKET_ROUTES: readonly string[] = keysOf(MARKET);
export const OPERATOR_ROUTES: readonly string[] = keysOf(OPERATOR);
