/** Every route of the venue, by the function that serves it and the id of its operation. */
import {
  listJournal,
  listStatements,
  showAccount,
  showPositions,
  showStatement,
  showStatementCsv,
  showStatementPdf,
} from './account.ts';
import {
  listAuctions,
  listCalendar,
  listContracts,
  listDepth,
  listHistory,
  listIndexHistory,
  listProducts,
  listRolls,
  showAuction,
  showNextAuction,
  showSettlementPrices,
} from './market.ts';
import { listRollInstructions, putRollInstruction, removeRollInstruction, showRoll } from './roll.ts';

export const PARTICIPANT = {
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
/** Of a participant too: what takes more to write than JSON. */
export const STATEMENT = { showStatementCsv, showStatementPdf } as const;
/** Public: no route here needs a token. */
export const MARKET = {
  listProducts,
  listContracts,
  listAuctions,
  showNextAuction,
  showAuction,
  listDepth,
  showSettlementPrices,
  listCalendar,
  listHistory,
  listIndexHistory,
  listRolls,
} as const;
export const OPERATOR = {} as const;

export const ROUTES = { ...MARKET, ...PARTICIPANT, ...STATEMENT, ...OPERATOR } as const;
