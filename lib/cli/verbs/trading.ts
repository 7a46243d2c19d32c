/** Orders in and out of the book: previewed, confirmed, sent once, followed until they are decided. */
import { type OrdersIn, ordersIn, type WrittenOrder } from '../orders/orders-in.ts';
import { decided, type Preview, previewed, type Ready, ready, type Submission, sent } from '../orders/sending.ts';
import type { ItemOf } from '../session/connection.ts';
import { type Context, verbOf } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { choice, flag, text, whole } from '../terminal/options.ts';
import { readAll } from '../terminal/prompt.ts';
import { fieldLines, figure, type Paint, tableLines, word } from '../terminal/table.ts';
import { whatOf } from './account.ts';
import { HOW_MANY, mostOf, PRODUCT, pagesOf } from './lists.ts';

const SENDING = {
  yes: flag('--yes', 'do not ask; needed where there is no terminal to ask at'),
  preview: flag('--preview', 'show what would come of it, and send nothing'),
  wait: whole('--wait <seconds>', 'for the decision at most', { least: 0, most: 600 }, 30),
  key: text('--key <uuid>', 'the key of a call before whose outcome is not known: asks again, and never sends twice'),
};

interface How {
  readonly yes: boolean;
  readonly preview: boolean;
  readonly wait: number;
  readonly key: string | undefined;
}

const ORDER = {
  timeInForce: choice('--time-in-force <word>', 'auction: the next one only, the default; day; gtc: until cancelled', [
    'auction',
    'day',
    'gtc',
  ]),
  name: text('--name <name>', 'your name for the order; one is made unless given'),
  replaces: text('--replaces <name>', 'the live order that this one takes the place of'),
};
const AT = text('--at <price>', 'the limit, USD per GPU-hour');

const LOTS = { form: '<lots>', says: 'how many' };
const CONTRACT = { form: '<contract>', says: 'as H100-SXM-2026-01, or 2026-01 where the venue lists one product' };

const PREVIEWED = `A preview comes first: whether the order would be accepted, and the margin before and after it. Then you are asked, unless --yes is given. The order is
sent under a key that is made once, and followed until the book has decided it.`;

const outright = (side: 'buy' | 'sell') =>
  verbOf({
    name: side,
    does: side === 'buy' ? 'buys a month, after a preview' : 'sells a month, after a preview',
    about: PREVIEWED,
    operands: [LOTS, CONTRACT],
    options: { at: AT, ...ORDER, product: PRODUCT, ...SENDING },
    examples: [
      ['10 H100-SXM-2026-01 --at 2.350', 'ten lots in the next auction, at 2.350 or better'],
      ['10 2026-01 --at 2.350 --time-in-force gtc --name first --yes --json', 'the same for a script, until cancelled'],
      ['10 2026-01 --at 2.350 --preview', 'only what would come of it'],
    ],
    async run(context, { at, timeInForce, name, replaces, product, ...how }, [lots, contract]) {
      const order = { ...named(name, timeInForce, replaces), side, contract, price: needed(at), lots: lotsOf(lots!) };
      await trade(context, { product, orders: [order] }, how);
    },
  });

const spread = verbOf({
  name: 'spread',
  does: 'buys one month and sells another, after a preview',
  about: `The limit is on the price bought minus the price sold, of any sign. ${PREVIEWED}`,
  operands: [LOTS],
  options: {
    buy: text('--buy <contract>', 'the month bought'),
    sell: text('--sell <contract>', 'the month sold'),
    at: text('--at <difference>', 'the limit on bought minus sold, USD per GPU-hour'),
    ...ORDER,
    product: PRODUCT,
    ...SENDING,
  },
  examples: [
    ['5 --buy 2026-02 --sell 2026-01 --at -0.010', 'rolls five lots of a long position forward, at 0.010 to be had or better'],
  ],
  async run(context, { buy, sell, at, timeInForce, name, replaces, product, ...how }, [lots]) {
    if (buy === undefined || sell === undefined) throw new Failure('usage', '--buy and --sell are both needed', HELP('spread'));
    const order = { ...named(name, timeInForce, replaces), buy, sell, price: needed(at), lots: lotsOf(lots!) };
    await trade(context, { product, orders: [order] }, how);
  },
});

const submit = verbOf({
  name: 'submit',
  does: 'sends orders, replacements and cancels from standard input, JSON or CSV, after a preview',
  about: `JSON is a submission ({"product": ..., "orders": [...]}), a list of orders, or a line an order; CSV has a heading with the names of the fields. The fields are
those of POST /v1/submissions; an order without a name gets one. What is refused is refused order by order, and the rest stands.`,
  operands: [{ form: '<input>', says: 'a dash: standard input', choices: ['-'] }],
  options: { product: PRODUCT, ...SENDING },
  examples: [
    ['- --yes < orders.csv', 'sends a file'],
    ['- --preview < orders.json', 'only what would come of it'],
  ],
  async run(context, { product, ...how }) {
    // The answer to a question can't come from where the orders come from.
    if (!how.yes && !how.preview)
      throw new Failure(
        'usage',
        'The orders come from standard input, so there is none to ask at',
        'Add --yes to send them, or --preview.',
      );
    const { product: written, orders } = ordersIn(await readAll(context.around.stdin));
    if (product !== undefined && written !== undefined && product !== written)
      throw new Failure('usage', `The input is of ${written}, and --product says ${product}`, 'Leave one out.');
    await trade(context, { product: product ?? written, orders }, how);
  },
});

const cancel = verbOf({
  name: 'cancel',
  does: 'cancels live orders: one, several, or all',
  about:
    'Cancels take effect in order with all else that is sent. Those in an auction that is being cleared are deferred: what it leaves of the order is cancelled.',
  operands: [{ form: '[order...]', says: 'names of orders' }],
  options: { every: flag('--all', 'every live order of the product'), product: PRODUCT, wait: SENDING.wait, key: SENDING.key },
  examples: [
    ['first', 'that one'],
    ['first second', 'both, in one submission'],
    ['--all', 'every one'],
  ],
  async run(context, { every, product, wait, key }, names) {
    if (every === names.length > 0) throw new Failure('usage', 'Name orders, or give --all', HELP('cancel'));
    const orders: WrittenOrder[] = every ? [{ cancelAll: true }] : names.map((name) => ({ cancel: name }));
    await send(context, await ready(context, { product, orders }, key), wait);
  },
});

const HELP = (name: string): string => `compute-exchange ${name} --help says how it is called.`;

function needed(at: string | undefined): string {
  if (at === undefined) throw new Failure('usage', '--at is missing', 'All orders have a limit: there are none at the market.');
  return at;
}

function lotsOf(written: string): number {
  if (/^[1-9]\d{0,6}$/.test(written)) return Number(written);
  throw new Failure('usage', `Lots are a whole number, 1 to 1000000, not ${JSON.stringify(written)}`);
}

const named = (name: string | undefined, timeInForce: string | undefined, replaces: string | undefined): WrittenOrder => ({
  ...(replaces === undefined ? {} : { replaces }),
  ...(name === undefined ? {} : { clientOrderId: name }),
  ...(timeInForce === undefined ? {} : { timeInForce }),
});

/** Preview, question, sending, decision. */
async function trade(context: Context, orders: OrdersIn, { yes, preview: only, wait, key }: How): Promise<void> {
  const { out } = context;
  const prepared = await ready(context, orders, key);
  // What was sent before is not previewed again: it would count beside itself.
  if (key === undefined) {
    const preview = await previewed(context, prepared);
    if (only) return out.result({ ...prepared.body, ...preview }, previewLines(prepared, preview, out.paint));
    if (!yes || out.format === 'text') out.say(...previewLines(prepared, preview, out.paint), '');
    if (preview.orders.every(({ outcome }) => outcome === 'refused'))
      throw new Failure(
        'refused',
        'None of it would be accepted; nothing was sent',
        'Change it, or look at compute-exchange account and orders.',
      );
    if (!yes && !(await context.confirmed('Send it?', 'Add --yes to send it, or --preview to see only what would come of it.')))
      throw new Failure('refused', 'Not confirmed; nothing was sent');
  }
  await send(context, prepared, wait);
}

/** Sends what is ready and shows what became of it. Throws a Failure when any of it was refused, or nothing is decided in time. */
async function send(context: Context, prepared: Ready, waitSeconds: number): Promise<void> {
  const { out } = context;
  const submission = await sent(context, prepared);
  out.say(`Sent under the key ${prepared.key} as ${submission}`);
  const found = await decided(context, submission, waitSeconds * 1000);
  out.result({ key: prepared.key, ...found }, outcomeLines(found, out.paint));
  if (found.state === 'queued' && waitSeconds > 0)
    throw new Failure('try-again', 'It is not decided yet', `compute-exchange submission ${submission} shows it later.`);
  const refused = found.orders.filter(({ outcome }) => outcome === 'refused');
  if (refused.length > 0)
    throw new Failure(
      'refused',
      `${refused.length} of ${found.orders.length} refused`,
      refused.length < found.orders.length ? 'The others stand.' : '',
    );
}

const submission = verbOf({
  name: 'submission',
  does: 'shows what became of a submission',
  operands: [{ form: '<submission>', says: 'its id, as it was shown when it was sent' }],
  options: {},
  examples: [['H100-SXM.019a01eb-7700-7000-8000-000000000001.5f2679ecbb353db8.ac3df2b5c7e04d19a8f1b602', 'order by order']],
  async run(context, _, [id]) {
    const found = await (await context.client()).showSubmission({ params: { submission: id! } });
    context.out.result(found, outcomeLines(found, context.out.paint));
  },
});

type Decided = Submission['orders'][number];

/** An entry by its order's name, or by what it cancels. */
const nameOf = ({ clientOrderId, cancel, cancelAll }: Partial<Decided>): string | undefined =>
  clientOrderId ?? (cancel === undefined ? (cancelAll ? 'cancel all' : undefined) : `cancel ${cancel}`);

const figuresOf = ({ figures }: Decided): string =>
  Object.entries(figures ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

const OUTCOME = [
  word<Decided>('outcome', ({ outcome }) => outcome),
  word<Decided>('reason', ({ reason }) => reason),
  word<Decided>('figures', figuresOf),
];

const outcomeLines = ({ submission, state, auction, orders }: Submission, paint: Paint): string[] => [
  ...fieldLines(
    [
      ['submission', submission],
      ['state', state],
      ['auction', auction],
    ],
    paint,
  ),
  ...(orders.length === 0 ? [] : ['', ...tableLines([word<Decided>('order', nameOf), ...OUTCOME], orders, paint)]),
];

/** The entries with what would become of each, then margin, positions and roll before and after. */
function previewLines({ body }: Ready, { orders, margin, positions, roll }: Preview, paint: Paint): string[] {
  const rows = orders.map((would, at) => ({ would, written: (body.orders[at] ?? {}) as WrittenOrder }));
  type Row = (typeof rows)[number];
  const moved = positions.filter(({ lots, lotsWith }) => lots !== lotsWith);
  return [
    ...tableLines(
      [
        word<Row>('order', ({ would }) => nameOf(would)),
        word<Row>('', ({ written }) => ('price' in written ? whatOf(written) : '')),
        figure<Row>('limit USD', ({ written }) => written.price as string | undefined),
        figure<Row>('lots', ({ written }) => written.lots as number | undefined),
        ...OUTCOME.map((column) => ({ ...column, of: ({ would }: Row) => column.of(would) })),
      ],
      rows,
      paint,
    ),
    '',
    ...(margin === null
      ? ['The account trades another product.']
      : tableLines(
          [
            word<typeof margin>('', () => 'margin'),
            figure<typeof margin>('required now USD', ({ requirement }) => requirement),
            figure<typeof margin>('with it USD', ({ requirementWith }) => requirementWith),
            figure<typeof margin>('there for it USD', ({ cash }) => cash),
          ],
          [margin],
          paint,
        )),
    ...(moved.length === 0
      ? []
      : [
          '',
          ...tableLines(
            [
              word<(typeof moved)[number]>('position', ({ contract }) => contract),
              figure<(typeof moved)[number]>('lots now', ({ lots }) => lots),
              figure<(typeof moved)[number]>('if all fills', ({ lotsWith }) => lotsWith),
            ],
            moved,
            paint,
          ),
        ]),
    ...(roll === null
      ? []
      : [
          '',
          `The roll of ${roll.date} would buy ${roll.buy} and sell ${roll.sell}: ${roll.lots} of ${roll.due} lots due, at ${roll.price} or better.`,
        ]),
  ];
}

type Listed = ItemOf<'listSubmissions'>;

const submissions = verbOf({
  name: 'submissions',
  does: 'lists what the account has submitted, newest first, with the outcome of every entry',
  options: { product: PRODUCT, ...HOW_MANY },
  examples: [['', 'the last ones']],
  async run(context, { product, ...many }) {
    const client = await context.client();
    const { most } = mostOf(many);
    const of = product === undefined ? {} : { product };
    await context.out.list(
      pagesOf((query) => client.listSubmissions({ query: { ...query, ...of } }), most),
      [
        word<Listed>('received', ({ receivedAt }) => receivedAt),
        figure<Listed>('auction', ({ auction }) => auction),
        word<Listed>('sender', ({ sender, takenOut }) => takenOut ?? sender),
        word<Listed>('entries', ({ orders }) =>
          orders
            .slice(0, ENTRIES_SHOWN)
            .map((each) => `${nameOf(each) ?? ''} ${each.outcome}`.trim())
            .join(', '),
        ),
        word<Listed>('submission', ({ submission }) => submission),
      ],
      { ...mostOf(many), empty: 'Nothing has been submitted yet.' },
    );
  },
});
/** Entries of a submission in a table; JSON has them all. */
const ENTRIES_SHOWN = 3;

export const TRADING = [outright('buy'), outright('sell'), spread, submit, cancel, submissions, submission];
