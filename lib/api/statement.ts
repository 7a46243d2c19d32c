/** The routes of statements as files, by the ids of their operations. */
import { showStatementCsv, showStatementPdf } from './account.ts';

/** Of a participant too: what takes more to write than JSON. */
export const STATEMENT = { showStatementCsv, showStatementPdf } as const;
