/** What an account has: live orders, fills, positions, cash and why it is what it is. */
import type { Answered, ItemOf } from '../session/connection.ts';
import { verbOf } from '../session/context.ts';
import { flag, text } from '../terminal/options.ts';
import { fieldLines, figure, tableLines, word } from '../terminal/table.ts';
import { HOW_MANY, mostOf, PRODUCT, pagesOf } from './lists.ts';

/** What an order buys and sells, in words. */
export const whatOf = ({ side, contract, buy, sell }: Readonly<Record<string, unknown>>): string =>
  contract === undefined ? `buy ${buy} sell ${sell}` : `${side} ${contract}`;

type OrderEvent = ItemOf<'listOrderHistory'>;

const EVENT = [
  word<OrderEvent>('at', ({ at }) => at),
  figure<OrderEvent>('auction', ({ auction }) => auction),
  word<OrderEvent>('order', ({ clientOrderId }) => clientOrderId),
  word<OrderEvent>('what happened', ({ event }) => event),
  word<OrderEvent>('', (each) => (each.order ? whatOf(each.order) : each.contract || each.buy ? whatOf(each) : '')),
  figure<OrderEvent>('lots', ({ lots, order }) => lots ?? order?.lots),
  figure<OrderEvent>('price USD', ({ price, order }) => price ?? order?.price),
  word<OrderEvent>('why', ({ reason, takenOut, lapsed }) => reason ?? takenOut ?? lapsed),
];

const orders = verbOf({
  name: 'orders',
  does: 'lists your live orders, or what happened to all of them, or to one',
  operands: [{ form: '[name]', says: 'the whole history of the newest order of that name' }],
  options: { history: flag('--history', 'what happened to all orders, newest first'), product: PRODUCT, ...HOW_MANY },
  examples: [
    ['', 'what can still trade or be cancelled'],
    ['first', 'all that happened to that one'],
    ['--history --ndjson --all', 'everything, a JSON line an event'],
  ],
  async run(context, { history, product, ...many }, [name]) {
    const client = await context.client();
    const { most } = mostOf(many);
    const of = product === undefined ? {} : { product };
    if (history || name !== undefined) {
      const read = (query: { limit: string; cursor?: string }) =>
        name === undefined
          ? client.listOrderHistory({ query: { ...query, ...of } })
          : client.showOrder({ params: { clientOrderId: name }, query: { ...query, ...of } });
      return context.out.list(pagesOf(read, most), EVENT, { ...mostOf(many), empty: 'You have sent no order yet.' });
    }
    await context.out.list(
      pagesOf((query) => client.listOrders({ query: { ...query, ...of } }), most),
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
  options: { order: text('--order <name>', 'only of orders of that name'), ...HOW_MANY },
  examples: [
    ['', 'the last ones'],
    ['--order first --json', 'those of one order for a program'],
  ],
  async run(context, { order, ...many }) {
    const client = await context.client();
    const { most } = mostOf(many);
    const named = order === undefined ? {} : { clientOrderId: order };
    await context.out.list(
      pagesOf((query) => client.listFills({ query: { ...query, ...named } }), most),
      FILL,
      { ...mostOf(many), empty: 'Nothing has traded yet.' },
    );
  },
});

type Position = Answered<'showPositions'>['positions'][number];

const positions = verbOf({
  name: 'positions',
  does: 'shows what you hold: at what it was entered, what it has gained, and what it needs',
  about: `Positions stand at the mark, so all that they have gained is in the cash already. What is freed is how much less margin would be needed without that position
alone; it is negative where the position offsets others.`,
  options: {},
  examples: [['', 'lots by month, long positive']],
  async run(context) {
    const { out } = context;
    const held = await (await context.client()).showPositions();
    const rows = tableLines(
      [
        word<Position>('contract', ({ contract }) => contract),
        figure<Position>('lots', ({ lots }) => lots),
        figure<Position>('entry USD', ({ entryPrice }) => entryPrice),
        figure<Position>('mark USD', ({ mark }) => mark),
        figure<Position>('open profit USD', ({ openProfit }) => openProfit),
        figure<Position>('margin freed USD', ({ requirementFreed }) => requirementFreed),
      ],
      held.positions,
      out.paint,
    );
    const fields = fieldLines(
      [
        ['account', held.account],
        ['cash USD', held.cash],
        ['requirement USD', held.requirement],
        ['open profit USD', held.openProfit],
        ['realized profit USD', held.realizedProfit],
        ['posted up to', held.asOf === held.seq ? `${held.asOf}, all` : `${held.asOf} of ${held.seq}: more is to come`],
      ],
      out.paint,
    );
    out.result(held, [...fields, '', ...(held.positions.length === 0 ? ['You hold nothing.'] : rows)]);
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
