/**
 * The operator's side, acting. Lists are tried first and shown, then confirmed; what takes two operators says where it waits. What
 * is meant for an emergency asks nothing, but needs a reason.
 */

import type { Client } from '../../client/client.ts';
import { json, rowsOf } from '../orders/orders-in.ts';
import type { Answered, ItemOf } from '../session/connection.ts';
import { type Context, verbOf } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { flag, text, whole } from '../terminal/options.ts';
import { readAll } from '../terminal/prompt.ts';
import { fieldLines, figure, tableLines, word } from '../terminal/table.ts';
import { PRODUCT } from './lists.ts';

const YES = flag('--yes', 'do not ask; needed where there is no terminal to ask at');
const DRY = flag('--dry-run', 'check the list and say what would be done; changes nothing');
const INPUT = { form: '<input>', says: 'a dash: standard input, JSON or CSV', choices: ['-'] };

/** Items of one request at most. */
const PART = 98;

/** A list of standard input: JSON, whole or under its name, or CSV with these columns. */
async function listIn(context: Context, name: string, columns: readonly string[]): Promise<Record<string, string>[]> {
  const written = await readAll(context.around.stdin);
  const forms = `Give JSON ({"${name}": [...]} or a list) or CSV with a heading of: ${columns.join(',')}`;
  if (!/^\s*[[{]/.test(written)) return rowsOf(written, columns, forms);
  const parsed = json(written, 'The input', forms);
  const list = Array.isArray(parsed) ? parsed : (parsed as Record<string, unknown>)[name];
  if (Array.isArray(list) && list.length > 0) return list as Record<string, string>[];
  throw new Failure('usage', 'The input has no list', forms);
}

type Part<Item> = (items: readonly Item[], dryRun: { dryRun?: 'true' }) => Promise<Done>;
interface Done {
  readonly [field: string]: unknown;
  readonly held?: string;
  readonly secondOperator?: boolean | undefined;
}

/** Tries every part, asks, and does them one after the other; a part that is refused ends it, and the call may be repeated. */
async function inParts<Item>(
  context: Context,
  items: readonly Item[],
  { dry, yes }: { dry: boolean; yes: boolean },
  act: Part<Item>,
) {
  const { out } = context;
  const parts = Array.from({ length: Math.ceil(items.length / PART) }, (_, at) => items.slice(at * PART, (at + 1) * PART));
  const tried: Done[] = [];
  for (const part of parts) tried.push(await act(part, { dryRun: 'true' }));
  const held = tried.filter(({ secondOperator }) => secondOperator).length;
  const says = `${items.length} in ${parts.length} ${parts.length === 1 ? 'request' : 'requests'}, ${held === 0 ? 'done at once' : `${held} of which will wait for a second operator`}`;
  if (dry) return out.result({ tried }, [`It would go through: ${says}.`]);
  if (!yes && !(await context.confirmed(`${says}. Do it?`, 'The list comes from standard input: add --yes, or --dry-run.')))
    throw new Failure('refused', 'Not confirmed; nothing was done');
  const done: Done[] = [];
  for (const part of parts) {
    const answer = await act(part, {});
    done.push(answer);
    if (answer.held !== undefined) out.say(`Waits for a second operator: compute-exchange operator approve ${answer.held}`);
  }
  out.result({ done }, [`Done: ${says}.`]);
}

const openAccounts = verbOf({
  name: 'open-accounts',
  does: 'opens accounts from a list',
  about: 'The whole list is tried first. What is open already under its name stays as it is, so that a list may be sent again.',
  operands: [INPUT],
  options: { dry: DRY, yes: YES },
  examples: [
    ['- --dry-run < accounts.csv', 'columns account,name and, where an account trades another product than the first, product'],
    ['- --yes < accounts.json', 'as a list of {"account", "name"}'],
  ],
  async run(context, how) {
    const items = await listIn(context, 'accounts', ['account', 'name', 'product']);
    const client = await context.client();
    await inParts(
      context,
      items,
      how,
      (accounts, query) => client.openAccounts({ query, body: { accounts: accounts as never } }) as Promise<Done>,
    );
  },
});

const moveCash = verbOf({
  name: 'move-cash',
  does: 'moves cash of accounts from a list: in, or out where the amount is negative',
  about: 'A reference stands for one movement of one account for ever, so a list may be sent again and nothing moves twice.',
  operands: [INPUT],
  options: { dry: DRY, yes: YES },
  examples: [['- --dry-run < movements.csv', 'columns account,reference,amount in USD']],
  async run(context, how) {
    const items = await listIn(context, 'movements', ['account', 'reference', 'amount']);
    const client = await context.client();
    await inParts(
      context,
      items,
      how,
      (movements, query) => client.moveCash({ query, body: { movements: movements as never } }) as Promise<Done>,
    );
  },
});

const putIndex = verbOf({
  name: 'put-index',
  does: 'puts in index values: one, or a list of standard input',
  about: 'Each waits for a second operator. A published value stays.',
  operands: [
    { form: '<date>', says: 'the business date, or a dash: standard input' },
    { form: '[value]', says: 'USD per GPU-hour, at most 6 decimals' },
  ],
  options: { product: PRODUCT },
  examples: [
    ['2025-10-20 2.4123', 'one value'],
    ['- < values.csv', 'columns date,value'],
  ],
  async run(context, { product: named }, [date, value]) {
    const product = await context.product(named);
    const client = await context.client();
    const given = date === '-' ? await listIn(context, 'values', ['date', 'value']) : [{ date, value }];
    if (given.some((each) => each.value === undefined))
      throw new Failure('usage', 'A value is missing', 'compute-exchange operator put-index --help says how it is called.');
    type Row = Answered<'putIndexValues'>['values'][number];
    const rows: Row[] = [];
    for (let at = 0; at < given.length; at += PART) {
      const { values } = await client.putIndexValues({
        params: { product },
        body: { values: given.slice(at, at + PART) as never },
      });
      rows.push(...values);
    }
    context.out.result(
      { product, values: rows },
      tableLines(
        [
          word<Row>('date', (row) => row.date),
          word<Row>('outcome', (row) => row.outcome),
          word<Row>('held as', (row) => ('held' in row ? row.held : undefined)),
          word<Row>('code', (row) => ('code' in row ? row.code : undefined)),
        ],
        rows,
        context.out.paint,
      ),
    );
    const refused = rows.filter(({ outcome }) => outcome === 'refused');
    if (refused.length > 0)
      throw new Failure('refused', `${refused.length} of ${rows.length} were refused`, 'The others stand as shown.');
  },
});

const index = verbOf({
  name: 'index',
  does: 'lists published index values, newest first, and who published them',
  options: { product: PRODUCT, limit: whole('--limit <n>', 'values at most', { least: 1, most: 500 }, 30) },
  examples: [['', 'the last thirty']],
  async run(context, { product: named, limit }) {
    const product = await context.product(named);
    const { items } = await (await context.client()).listPublishedIndex({ params: { product }, query: { limit: `${limit}` } });
    type Value = ItemOf<'listPublishedIndex'>;
    await context.out.list(
      [items],
      [
        word<Value>('date', ({ date }) => date),
        figure<Value>('value USD', ({ value }) => value),
        word<Value>('by', ({ by }) => by.join(' ')),
      ],
      { empty: 'No value is published.' },
    );
  },
});

const HELD_ID = { form: '<held>', says: 'its id, as operator waiting and operator held show it' };
const REVISION = whole('--revision <n>', 'the revision that you have read; the newest is shown and used unless given', {
  least: 1,
});

/** What is held under an id, as it stands. Throws a Failure when it does not wait. */
async function heldItem(client: Client, id: string): Promise<ItemOf<'listHeld'>> {
  let cursor: string | undefined;
  do {
    const page = await client.listHeld({ query: { waiting: 'true', limit: '500', ...(cursor === undefined ? {} : { cursor }) } });
    const found = page.items.find(({ held }) => held === id);
    if (found !== undefined) return found;
    cursor = page.next;
  } while (cursor !== undefined);
  throw new Failure('refused', `Nothing waits under ${id}`, 'compute-exchange operator waiting shows what does.');
}

const approve = verbOf({
  name: 'approve',
  does: 'agrees to what is held, after showing it',
  about:
    'It takes two: your name does not count when it is on it already. With the second name it is done exactly as it was shown.',
  operands: [HELD_ID],
  options: { revision: REVISION, yes: YES },
  examples: [['cash.0b7a4c', 'shows it, and asks']],
  async run(context, { revision: read, yes }, [id]) {
    const { out } = context;
    const client = await context.client();
    const item = await heldItem(client, id!);
    const revision = read ?? item.revision;
    if (!yes || out.format === 'text')
      out.say(`${item.held}, revision ${item.revision}, proposed by ${item.proposedBy}:`, JSON.stringify(item.proposal, null, 2));
    if (!yes && !(await context.confirmed('Approve it?', 'Add --yes and --revision, the one that you have read.')))
      throw new Failure('refused', 'Not confirmed; nothing was approved');
    const answer = await client.approveHeld({ params: { held: id! }, body: { revision } });
    out.result(answer, [
      answer.approved
        ? `${answer.held} is approved${answer.seq === undefined ? '' : `, event ${answer.seq}`}.`
        : `${answer.held} has your name, and waits for another.`,
    ]);
  },
});

const decline = verbOf({
  name: 'decline',
  does: 'declines what is held, for good',
  operands: [HELD_ID],
  options: { revision: REVISION, reason: text('--reason <text>', 'why, for the record') },
  examples: [['cash.0b7a4c --reason "not ours"', 'it may be proposed anew']],
  async run(context, { revision: read, reason }, [id]) {
    const client = await context.client();
    const revision = read ?? (await heldItem(client, id!)).revision;
    const answer = await client.declineHeld({ params: { held: id! }, body: { revision, reason: given(reason) } });
    context.out.result(answer, [`${answer.held} is declined.`]);
  },
});

const amend = verbOf({
  name: 'amend',
  does: 'puts another price, value or curve in place of what is held',
  about: 'You become its proposer, and earlier approvals are gone.',
  operands: [HELD_ID],
  options: {
    revision: REVISION,
    price: text('--price <price>', 'of a final price'),
    value: text('--value <value>', 'of an index value'),
    curve: flag('--curve-stdin', 'of a settlement: {"2025-12": "2.400", ...} of standard input'),
  },
  examples: [['index.H100-SXM.2025-10-20 --value 2.4123', 'the value that was meant']],
  async run(context, { revision: read, price, value, curve }, [id]) {
    if ([price, value, curve || undefined].filter((each) => each !== undefined).length !== 1)
      throw new Failure('usage', 'Give one of --price, --value and --curve-stdin');
    const client = await context.client();
    const revision = read ?? (await heldItem(client, id!)).revision;
    const other = curve
      ? { curve: json(await readAll(context.around.stdin), 'The curve', '') as Record<string, string> }
      : price === undefined
        ? { value: value! }
        : { price };
    const answer = await client.amendHeld({ params: { held: id! }, body: { revision, ...other } as never });
    context.out.result(answer, [`${answer.held} stands at revision ${answer.revision}, and waits for another operator.`]);
  },
});

function given(reason: string | undefined): string {
  if (reason !== undefined && reason.trim() !== '') return reason;
  throw new Failure('usage', '--reason is missing', 'It is kept with the act.');
}
const REASON = text('--reason <text>', 'why, for the record');

const halt = verbOf({
  name: 'halt',
  does: 'halts the venue: nothing clears, settles or posts; orders rest',
  about: 'Asks nothing: it is for when there is no time.',
  options: { reason: REASON },
  examples: [['--reason "the index is wrong"', 'at once']],
  async run(context, { reason }) {
    const answer = await (await context.client()).haltVenue({ body: { reason: given(reason) } });
    context.out.result(
      answer,
      fieldLines(
        [
          ['halted', answer.halted?.reason],
          ['by', answer.halted?.by],
          ['at', answer.halted?.at],
        ],
        context.out.paint,
      ),
    );
  },
});

const resume = verbOf({
  name: 'resume',
  does: 'lets a halted venue go on',
  options: { reason: text('--reason <text>', 'needed where the venue halted itself') },
  examples: [['--reason "the posting was put right"', 'and it catches up']],
  async run(context, { reason }) {
    const answer = await (await context.client()).resumeVenue(reason === undefined ? {} : { body: { reason } });
    context.out.result(answer, ['The venue goes on.']);
  },
});

const SCOPE = {
  owner: text('--owner <owner>', 'all accounts of an owner'),
  account: text('--account <account>', 'one account'),
  product: text('--product <code>', 'trading in a product'),
  venue: flag('--venue', 'trading in every product'),
  reason: REASON,
};

type Scoped = {
  owner: string | undefined;
  account: string | undefined;
  product: string | undefined;
  venue: boolean;
  reason: string | undefined;
};

function scopeOf({ owner, account, product, venue, reason: why }: Scoped) {
  const reason = given(why);
  const named = [
    owner && { scope: 'owner' as const, owner, reason },
    account && { scope: 'account' as const, account, reason },
    product && { scope: 'product' as const, product, reason },
    venue && { scope: 'venue' as const, reason },
  ];
  const [scope, ...others] = named.filter((each) => typeof each === 'object');
  if (scope !== undefined && others.length === 0) return scope;
  throw new Failure('usage', 'Name one of --owner, --account, --product and --venue');
}

const stop = verbOf({
  name: 'stop',
  does: 'stops trading of an account, an owner, a product or all: orders out, none in',
  about: 'Asks nothing: it is for when there is no time. Not a halt: days go on.',
  options: SCOPE,
  examples: [['--owner acme --reason "orders out of bounds"', 'until an operator releases it']],
  async run(context, values) {
    const answer = await (await context.client()).stopTrading({ body: scopeOf(values) });
    context.out.result(answer, [`Stopped. ${JSON.stringify(answer)}`]);
  },
});

const release = verbOf({
  name: 'release',
  does: 'ends a stop of the operator side',
  options: SCOPE,
  examples: [['--owner acme --reason "put right"', 'orders come in again']],
  async run(context, values) {
    const answer = await (await context.client()).releaseTrading({ body: scopeOf(values) });
    context.out.result(answer, [`Released. ${JSON.stringify(answer)}`]);
  },
});

const putProduct = verbOf({
  name: 'put-product',
  does: 'lists a product or changes its parameters, from standard input',
  about: 'Always waits for a second operator. npm run parameters tries new parameters on the last trading day first.',
  operands: [
    { form: '<product>', says: 'its code' },
    { form: '<input>', says: 'a dash: standard input, the JSON body of PUT /v1/operator/products/{product}', choices: ['-'] },
  ],
  options: {},
  examples: [['H100-SXM - < parameters.json', '{"expectedVersion": 1, "parameters": {...}}']],
  async run(context, _, [product]) {
    const body = json(await readAll(context.around.stdin), 'The input', '') as never;
    const answer = await (await context.client()).putProduct({ params: { product: product! }, body });
    context.out.result(answer, [
      'held' in answer
        ? `Waits for a second operator: compute-exchange operator approve ${answer.held}`
        : `${answer.product} is at version ${answer.version}.`,
    ]);
  },
});

export const OPERATOR_ACTS = [
  openAccounts,
  moveCash,
  index,
  putIndex,
  approve,
  amend,
  decline,
  halt,
  resume,
  stop,
  release,
  putProduct,
];
