/** What an account has: live orders, fills, positions, cash and why it is what it is. */
import type { Answered, ItemOf } from '../session/connection.ts';
import { verbOf } from '../session/context.ts';
import { fieldLines, figure, tableLines, word } from '../terminal/table.ts';
import { HOW_MANY, mostOf, PRODUCT, pagesOf } from './lists.ts';

/** What an order buys and sells, in words. */
export const whatOf = ({ side, contract, buy, sell }: Readonly<Record<string, unknown>>): string =>
  contract === undefined ? `buy ${buy} sell ${sell}` : `${side} ${contract}`;

const orders = verbOf({
  name: 'orders',
  does: 'lists your live orders',
  options: { product: PRODUCT, ...HOW_MANY },
  examples: [
    ['', 'what can still trade or be cancelled'],
    ['--ndjson --all', 'a JSON line an order'],
  ],
  async run(context, { product, ...many }) {
    const client = await context.client();
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listOrders({ query: { ...query, ...(product === undefined ? {} : { product }) } }), most),
      [
        word('order', ({ clientOrderId }) => clientOrderId),
        word('', whatOf),
        figure('limit USD', ({ price }) => price),
        figure('lots left', ({ lots }) => lots),
        word('time in force', ({ timeInForce }) => timeInForce),
      ],
      { ...mostOf(many), empty: 'You have no live order.' },
    );
  },
});

export const FILL = [
  word<ItemOf<'listFills'>>('date', ({ date }) => date),
  figure<ItemOf<'listFills'>>('auction', ({ auction }) => auction),
  word<ItemOf<'listFills'>>('order', ({ clientOrderId }) => clientOrderId),
  word<ItemOf<'listFills'>>('', whatOf),
  figure<ItemOf<'listFills'>>('lots', ({ lots }) => lots),
  figure<ItemOf<'listFills'>>('price USD', ({ price }) => price),
  word<ItemOf<'listFills'>>('', ({ rolls, selfMatched }) =>
    [rolls ? 'roll' : '', selfMatched > 0 ? `${selfMatched} lots matched your own` : ''].filter(Boolean).join(', '),
  ),
];

const fills = verbOf({
  name: 'fills',
  does: 'lists what your orders traded, newest first',
  options: { ...HOW_MANY },
  examples: [
    ['', 'the last ones'],
    ['--limit 5 --json', 'five of them for a program'],
  ],
  async run(context, many) {
    const client = await context.client();
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listFills({ query }), most),
      FILL,
      {
        ...mostOf(many),
        empty: 'Nothing has traded yet.',
      },
    );
  },
});

type Position = Answered<'showPositions'>['positions'][number];

const positions = verbOf({
  name: 'positions',
  does: 'shows what you hold, at the marks',
  options: {},
  examples: [['', 'lots by month, long positive']],
  async run(context) {
    const { out } = context;
    const held = await (await context.client()).showPositions();
    const rows = tableLines(
      [
        word<Position>('contract', ({ contract }) => contract),
        figure<Position>('lots', ({ lots }) => lots),
        figure<Position>('mark USD', ({ mark }) => mark),
      ],
      held.positions,
      out.paint,
    );
    out.result(held, [
      ...fieldLines(
        [
          ['account', held.account],
          ['cash USD', held.cash],
          ['posted up to', `${held.asOf} of ${held.seq}`],
        ],
        out.paint,
      ),
      '',
      ...(held.positions.length === 0 ? ['You hold nothing.'] : rows),
    ]);
  },
});

const account = verbOf({
  name: 'account',
  does: 'shows your cash, what your positions require, and a margin call if there is one',
  options: {},
  examples: [['', 'amounts in USD']],
  async run(context) {
    const shown = await (await context.client()).showAccount();
    const { call } = shown;
    context.out.result(
      shown,
      fieldLines(
        [
          ['account', shown.account],
          ['name', shown.name],
          ['cash USD', shown.cash],
          ['requirement USD', shown.requirement],
          ['excess USD', shown.excess],
          [
            'margin call',
            call &&
              `${call.amount} USD, due ${call.due}${call.overdue ? ', OVERDUE: only orders that take risk off are accepted' : ''}`,
          ],
        ],
        context.out.paint,
      ),
    );
  },
});

const journal = verbOf({
  name: 'journal',
  does: 'lists why the cash is what it is, newest first',
  options: { ...HOW_MANY },
  examples: [
    ['', 'the last entries'],
    ['--all --ndjson', 'all of them, a JSON line each'],
  ],
  async run(context, many) {
    const client = await context.client();
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listJournal({ query }), most),
      [
        figure('event', ({ seq }) => seq),
        word('what', ({ kind }) => kind),
        word('date', ({ date }) => date),
        word(
          'lots',
          ({ lots }) =>
            lots &&
            Object.entries(lots)
              .map(([contract, count]) => `${contract} ${count}`)
              .join(' '),
        ),
        figure('amount USD', ({ amount }) => amount),
        figure('balance USD', ({ balance }) => balance),
        word('reference', ({ reference }) => reference),
      ],
      { ...mostOf(many), empty: 'Nothing has happened yet.' },
    );
  },
});

export const ACCOUNT = [orders, fills, positions, account, journal];
