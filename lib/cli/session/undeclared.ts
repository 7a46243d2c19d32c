/** Routes that lib/api does not declare yet. */
import {
  listStatements,
  showAccount,
  showPositions,
  showStatement,
  showStatementCsv,
  showStatementPdf,
} from '../../../../account/lib/api/account.ts';
import { showRoll } from '../../../../account/lib/api/roll.ts';

type Untagged<T> = {
  readonly [K in keyof T]: Omit<T[K], 'tag' | 'for' | 'problems' | 'invalid'> & {
    readonly tag: 'Orders';
    readonly for: 'participant';
    readonly problems: readonly [];
  };
};
const ALL = { showAccount, showPositions, listStatements, showStatement, showStatementCsv, showStatementPdf, showRoll };
export const UNDECLARED = ALL as unknown as Untagged<typeof ALL>;
