/**
 * Every route of the venue, by the function that serves it and the id of its operation. A function imports its own alone: what it does not
 * serve would only make its start longer.
 */
import { OPERATOR } from './operator.ts';
import { PARTICIPANT } from './participant.ts';
import { MARKET } from './public.ts';
import { STATEMENT } from './statement.ts';

export { MARKET, OPERATOR, PARTICIPANT, STATEMENT };

export const ROUTES = { ...MARKET, ...PARTICIPANT, ...STATEMENT, ...OPERATOR } as const;
