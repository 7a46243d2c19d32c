/**
 * Statements as files: CSV and PDF. A function of its own, since what writes a PDF is as large as all else together, and those who submit orders should not
 * wait for it to load.
 */
import { STATEMENT } from '../../lib/api/statement.ts';
import { accountOf } from '../http/caller.ts';
import { Problem } from '../http/problems.ts';
import { Document } from '../http/representation.ts';
import { type Handlers, ok, serve } from '../http/routes.ts';
import { fullStatement } from '../http/statements.ts';
import { admitParticipant, type Participant } from '../participant-api/participant.ts';
import { statementCsv } from './csv.ts';
import { statementPdf } from './pdf.ts';

const handlers: Handlers<typeof STATEMENT, Participant> = {
  showStatementCsv: async ({ params, ...request }) => {
    const statement = await fullStatement(request, params);
    if (statement instanceof Problem) return statement;
    return ok(new Document('text/csv', statementCsv(statement), { name: `${nameOf(statement)}.csv` }), { immutable: true });
  },
  showStatementPdf: async ({ params, ...request }) => {
    const statement = await fullStatement(request, params);
    if (statement instanceof Problem) return statement;
    return ok(new Document('application/pdf', await statementPdf(statement), { name: `${nameOf(statement)}.pdf` }), {
      immutable: true,
    });
  },
};

const nameOf = ({
  account,
  product,
  date,
}: {
  readonly account: string;
  readonly product: string;
  readonly date: string;
}): string => `statement-${account}-${product}-${date}`;

export const handler = serve({
  declared: STATEMENT,
  handlers,
  callers: { kind: 'participant', nameOf: accountOf, admit: admitParticipant },
});
