/** Daily statements: as a list, explained, and as the files that are kept: CSV and PDF, the same bytes whenever they are asked for. */
import { writeFileSync } from 'node:fs';
import type { Answered, ItemOf } from '../session/connection.ts';
import { type Context, verbOf } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { flag, text } from '../terminal/options.ts';
import { fieldLines, figure, type Paint, tableLines, word } from '../terminal/table.ts';
import { HOW_MANY, mostOf, PRODUCT, pagesOf } from './lists.ts';

type Listed = ItemOf<'listStatements'>;
type Statement = Answered<'showStatement'>;
type Month = Statement['contracts'][number];

const statements = verbOf({
  name: 'statements',
  does: 'lists your daily statements, newest first',
  options: { ...HOW_MANY },
  examples: [['', 'one a business day']],
  async run(context, many) {
    const client = await context.client();
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listStatements({ query }), most),
      [
        word<Listed>('date', ({ date }) => date),
        word<Listed>('product', ({ product }) => product),
        figure<Listed>('variation USD', ({ variation }) => variation),
        figure<Listed>('balance USD', ({ balance }) => balance),
        figure<Listed>('requirement USD', ({ requirement }) => requirement),
        figure<Listed>('excess USD', ({ excess }) => excess),
        figure<Listed>('rolled lots', ({ rolledLots }) => rolledLots),
      ],
      { ...mostOf(many), empty: 'There is no statement yet: one comes when a day on which you hold, trade or pay is closed.' },
    );
  },
});

const statement = verbOf({
  name: 'statement',
  does: 'shows a daily statement, or writes it as CSV or PDF',
  operands: [{ form: '[date]', says: 'of that business day; the newest unless given' }],
  options: {
    csv: flag('--csv', 'the file, as CSV'),
    pdf: flag('--pdf', 'the file, as PDF'),
    file: text('-o, --out <file>', 'where to write the file; standard output unless given'),
    product: PRODUCT,
  },
  examples: [
    ['', 'the newest, explained'],
    ['2025-10-20 --pdf --out statement.pdf', 'to print and to keep'],
    ['--csv >> statements.csv', 'rows that can be put behind each other'],
  ],
  async run(context, { csv, pdf, file, product: named }, [date]) {
    const { out } = context;
    if (csv && pdf) throw new Failure('usage', '--csv and --pdf exclude each other: give one');
    if (file !== undefined && !csv && !pdf) throw new Failure('usage', '--out is for --csv or --pdf');
    if (pdf && file === undefined && context.around.stdout.isTTY === true)
      throw new Failure('usage', 'A PDF is nothing for a terminal', 'Add --out FILE.');
    const client = await context.client();
    const params = await dayOf(context, named, date);
    if (!csv && !pdf) {
      const shown = await client.showStatement({ params });
      return out.result(shown, statementLines(shown, out.paint));
    }
    const bytes = await (csv ? client.showStatementCsv({ params }) : client.showStatementPdf({ params }));
    if (file === undefined) return out.raw(bytes);
    writeFile(file, bytes);
    return out.result({ ...params, file, bytes: bytes.length }, [
      `The statement of ${params.date} is in ${file}, ${bytes.length} bytes.`,
    ]);
  },
});

/** The newest statement's product and day unless they are named. */
async function dayOf(
  context: Context,
  product: string | undefined,
  date: string | undefined,
): Promise<{ product: string; date: string }> {
  if (date !== undefined) return { product: await context.product(product), date };
  const client = await context.client();
  for await (const page of pagesOf((query) => client.listStatements({ query }))) {
    const found = page.find((each) => product === undefined || each.product === product);
    if (found !== undefined) return { product: found.product, date: found.date };
  }
  throw new Failure('refused', 'There is no statement yet', 'One comes when a day on which you hold, trade or pay is closed.');
}

function writeFile(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    throw new Failure('usage', `${file} can't be written: ${(error as Error).message}`);
  }
}

function statementLines(shown: Statement, paint: Paint): string[] {
  return [
    ...fieldLines(
      [
        ['statement of', `${shown.name} (${shown.account}), ${shown.product}, ${shown.date}`],
        ['opening USD', shown.opening],
        ['deposits USD', shown.deposits],
        ['withdrawals USD', shown.withdrawals],
        ['variation USD', shown.variation],
        ['other products USD', shown.elsewhere],
        ['balance USD', shown.balance],
        ['requirement USD', shown.requirement],
        ['excess USD', shown.excess],
        ['rolled', shown.rolledLots === 0 ? null : `${shown.rolledLots} lots, cost ${shown.rollCost} USD`],
      ],
      paint,
    ),
    '',
    ...tableLines(
      [
        word<Month>('contract', ({ contract }) => contract),
        figure<Month>('lots before', ({ openingLots }) => openingLots),
        figure<Month>('lots', ({ lots }) => lots),
        figure<Month>('price USD', ({ price }) => price),
        figure<Month>('variation USD', ({ variation }) => variation),
      ],
      shown.contracts,
      paint,
    ),
  ];
}

export const STATEMENTS = [statements, statement];
