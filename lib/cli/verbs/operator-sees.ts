/** The operator's side, reading: how the venue is, what waits for whom, who did what, and what there is. A viewer may. */
import type { Answered, ItemOf } from '../session/connection.ts';
import { type Context, verbOf } from '../session/context.ts';
import { flag } from '../terminal/options.ts';
import { fieldLines, figure, tableLines, word } from '../terminal/table.ts';
import { HOW_MANY, mostOf, PRODUCT, pagesOf } from './lists.ts';

const state = verbOf({
  name: 'state',
  does: 'shows how the venue is: the halt, day runs, auctions to clear, posting, queues, dead letters, alarms',
  options: {},
  examples: [
    ['', 'at a glance'],
    ['--json', 'all of it for a program'],
  ],
  async run(context) {
    const venue = await (await context.client()).showState();
    context.out.result(venue, stateLines(venue, context));
  },
});

type State = Answered<'showState'>;
type ProductState = State['products'][number];
type QueueState = NonNullable<State['queues']>[number];

function stateLines(venue: State, { out: { paint } }: Context): string[] {
  const { at, seq, halted, products, stops, posting, queues, alarms } = venue;
  const inAlarm = alarms?.filter((alarm) => alarm.state === 'ALARM');
  const busy = queues?.filter((queue) => queue.visible + queue.inFlight + queue.delayed + queue.deadLetters > 0);
  return [
    ...fieldLines(
      [
        ['at', at],
        ['events in the log', seq],
        ['halted', halted ? `YES, by ${halted.by} at ${halted.at}: ${halted.reason}` : 'no'],
        ['shards behind', `${posting.behind.length} of ${posting.shards}, ${posting.events} events`],
        ['stopped', stops.items.map(({ owner, account }) => account ?? owner).join(' ') || 'none'],
        [
          'alarms',
          inAlarm === undefined
            ? 'not known: no answer'
            : inAlarm.map(({ alarm, says }) => `${alarm} (${says})`).join('; ') || 'none',
        ],
        [
          'queues',
          busy === undefined ? 'not known: no answer' : busy.length === 0 ? 'all empty' : `${busy.length} with messages`,
        ],
      ],
      paint,
    ),
    '',
    ...tableLines(
      [
        word<ProductState>('product', ({ product }) => product),
        figure<ProductState>('last auction', ({ lastAuction }) => lastAuction),
        figure<ProductState>('to clear', ({ pending }) => pending.length),
        word<ProductState>('settled', ({ settledOn }) => settledOn),
        word<ProductState>('closed', ({ closedOn }) => closedOn),
        word<ProductState>('day run', ({ day }) => day && `${day.date}: ${day.step}, ${day.says}`),
        word<ProductState>('trading', ({ stop }) => (stop && stop.through === null ? `STOPPED: ${stop.reason}` : 'on')),
      ],
      products,
      paint,
    ),
    ...(busy === undefined || busy.length === 0 ? [] : ['', ...tableLines(QUEUE, busy, paint)]),
  ];
}

const QUEUE = [
  word<QueueState>('queue', ({ queue }) => queue),
  figure<QueueState>('visible', ({ visible }) => visible),
  figure<QueueState>('in flight', ({ inFlight }) => inFlight),
  figure<QueueState>('delayed', ({ delayed }) => delayed),
  figure<QueueState>('dead letters', ({ deadLetters }) => deadLetters),
];

const waiting = verbOf({
  name: 'waiting',
  does: 'shows what waits for whom: approvals, margin calls, day runs',
  options: {},
  examples: [['', 'what you may approve is marked *']],
  async run(context) {
    const found = await (await context.client()).showWaiting();
    context.out.result(found, waitingLines(found, context));
  },
});

type Waiting = Answered<'showWaiting'>;
const HELD = [
  word<Waiting['held']['items'][number]>('', ({ you }) => (you === 'may-approve' ? '*' : '')),
  word<Waiting['held']['items'][number]>('held', ({ held }) => held),
  word<Waiting['held']['items'][number]>('kind', ({ kind }) => kind),
  figure<Waiting['held']['items'][number]>('revision', ({ revision }) => revision),
  figure<Waiting['held']['items'][number]>('needs', ({ needs }) => needs),
  word<Waiting['held']['items'][number]>('proposed by', ({ proposedBy }) => proposedBy),
];
const CALL = [
  word<ItemOf<'listMarginCalls'>>('account', ({ account }) => account),
  word<ItemOf<'listMarginCalls'>>('product', ({ product }) => product),
  word<ItemOf<'listMarginCalls'>>('called', ({ date }) => date),
  figure<ItemOf<'listMarginCalls'>>('amount USD', ({ amount }) => amount),
  word<ItemOf<'listMarginCalls'>>('due', ({ due, overdue }) => `${due}${overdue ? ' OVERDUE' : ''}`),
];
const DAY = [
  word<Waiting['days'][number]>('product', ({ product }) => product),
  word<Waiting['days'][number]>('day run', ({ date }) => date),
  word<Waiting['days'][number]>('next step', ({ step }) => step),
  word<Waiting['days'][number]>('waits for', ({ says }) => says),
];

function waitingLines({ held, calls, days }: Waiting, { out: { paint } }: Context): string[] {
  const more = (there: boolean, where: string): string[] => (there ? [`... and more: compute-exchange operator ${where}`] : []);
  return [
    ...(held.items.length === 0 ? ['Nothing is held.'] : tableLines(HELD, held.items, paint)),
    ...more(held.more, 'held --waiting --all'),
    '',
    ...(calls.items.length === 0 ? ['No margin call is open.'] : tableLines(CALL, calls.items, paint)),
    ...more(calls.more, 'calls --all'),
    '',
    ...(days.length === 0 ? ['No day run is open.'] : tableLines(DAY, days, paint)),
  ];
}

const acts = verbOf({
  name: 'acts',
  does: 'lists who did what, newest first',
  options: { ...HOW_MANY },
  examples: [['', 'the last ones']],
  async run(context, many) {
    const client = await context.client();
    const { most } = mostOf(many);
    type Act = ItemOf<'listActs'>;
    await context.out.list(
      pagesOf((query) => client.listActs({ query }), most),
      [
        word<Act>('at', ({ at }) => at),
        word<Act>('by', ({ by }) => by),
        word<Act>('second', ({ second }) => second),
        word<Act>('act', ({ act }) => act),
        word<Act>('of', ({ held, owner, account, product, accounts, paidIn, paidOut, version }) =>
          [
            held,
            owner,
            account,
            product,
            version && `version ${version}`,
            accounts && `${accounts} accounts`,
            paidIn && `in ${paidIn}`,
            paidOut && `out ${paidOut}`,
          ]
            .filter(Boolean)
            .join(', '),
        ),
        word<Act>('reason', ({ reason }) => reason),
      ],
      { ...mostOf(many), empty: 'Nothing was done yet.' },
    );
  },
});

const accounts = verbOf({
  name: 'accounts',
  does: 'lists all accounts with cash and positions',
  options: { ...HOW_MANY },
  examples: [['--all --ndjson', 'every account, a JSON line each']],
  async run(context, many) {
    const client = await context.client();
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listAccounts({ query }), most),
      [
        word('account', ({ account }) => account),
        word('name', ({ name }) => name),
        figure('cash USD', ({ cash }) => cash),
        word('positions lots', ({ positions }) => positions.map(({ contract, lots }) => `${contract} ${lots}`).join(', ')),
      ],
      { ...mostOf(many), empty: 'No account is open.' },
    );
  },
});

const account = verbOf({
  name: 'account',
  does: 'shows one account, with its margin and the switches of its owner',
  operands: [{ form: '<account>', says: 'which' }],
  options: {},
  examples: [['acme', 'cash, requirement, positions, stops']],
  async run(context, _, [name]) {
    const client = await context.client();
    const [shown, owner] = await Promise.all([
      client.showAccountForOperator({ params: { account: name! } }),
      client.showOwner({ params: { owner: name!.split('.')[0]! } }),
    ]);
    const stands = owner.stops.filter((each) => each.stands);
    context.out.result({ ...shown, owner }, [
      ...fieldLines(
        [
          ['account', shown.account],
          ['name', shown.name],
          ['cash USD', shown.cash],
          ['requirement USD', shown.requirement],
          ['excess USD', shown.excess],
          ['margin call', shown.call && `${shown.call.amount} USD, due ${shown.call.due}`],
          ['accounts of its owner', owner.accounts.map(({ account }) => account).join(' ')],
          ['stops', stands.map(({ side, stopped }) => `${side}: ${stopped.reason}`).join('; ') || 'none'],
        ],
        context.out.paint,
      ),
      ...shown.positions.map(({ contract, lots }) => `${contract}  ${lots} lots`),
    ]);
  },
});

const calls = verbOf({
  name: 'calls',
  does: 'lists open margin calls',
  options: { overdue: flag('--overdue', 'only those'), ...HOW_MANY },
  examples: [['--overdue', 'whose orders are taken out']],
  async run(context, { overdue, ...many }) {
    const client = await context.client();
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listMarginCalls({ query: { ...query, ...(overdue ? { overdue: 'true' as const } : {}) } }), most),
      CALL,
      { ...mostOf(many), empty: 'No margin call is open.' },
    );
  },
});

const held = verbOf({
  name: 'held',
  does: 'lists what was held for approval, with what was proposed and why',
  options: { waiting: flag('--waiting', 'only what still waits'), ...HOW_MANY },
  examples: [['--waiting', 'what can be approved, amended or declined']],
  async run(context, { waiting: only, ...many }) {
    const client = await context.client();
    const { most } = mostOf(many);
    type Held = ItemOf<'listHeld'>;
    await context.out.list(
      pagesOf((query) => client.listHeld({ query: { ...query, ...(only ? { waiting: 'true' as const } : {}) } }), most),
      [
        word<Held>('held', ({ held }) => held),
        figure<Held>('revision', ({ revision }) => revision),
        word<Held>('proposed by', ({ proposedBy }) => proposedBy),
        word<Held>('approvals', ({ approvals }) => approvals.join(' ')),
        word<Held>('state', ({ approved, ended }) => ended?.kind ?? (approved ? 'approved' : 'waits')),
        word<Held>('why', (each) => ('reasons' in each ? each.reasons.map(({ reason }) => reason).join(', ') : each.kind)),
        word<Held>('proposal', ({ proposal }) => JSON.stringify(proposal).slice(0, PROPOSAL_SHOWN)),
      ],
      { ...mostOf(many), empty: 'Nothing is held.' },
    );
  },
});
/** Characters of a proposal in a table; JSON has it whole. */
const PROPOSAL_SHOWN = 60;

const days = verbOf({
  name: 'days',
  does: 'lists day runs, newest first, or shows the report of one',
  operands: [{ form: '[date]', says: 'of that day' }],
  options: { product: PRODUCT, ...HOW_MANY },
  examples: [
    ['', 'the last ones'],
    ['2025-10-20 --json', 'the report of that day'],
  ],
  async run(context, { product: named, ...many }, [date]) {
    const { out } = context;
    const client = await context.client();
    const product = await context.product(named);
    if (date !== undefined) {
      const day = await client.showDayRun({ params: { product, date } });
      return out.result(day, [
        `${day.product} ${day.date}: ${day.step}`,
        ...(day.report ? [JSON.stringify(day.report, null, 2)] : []),
      ]);
    }
    const { most } = mostOf(many);
    type Day = ItemOf<'listDayRuns'>;
    await out.list(
      pagesOf((query) => client.listDayRuns({ params: { product }, query }), most),
      [
        word<Day>('date', ({ date }) => date),
        word<Day>('step', ({ step }) => step),
        figure<Day>('closing auction', ({ auction }) => auction),
        figure<Day>('rolled lots', ({ report }) => report?.roll?.longsRolled),
        figure<Day>('called accounts', ({ report }) => report?.called.accounts),
      ],
      { ...mostOf(many), empty: 'No day has been run yet.' },
    );
  },
});

const log = verbOf({
  name: 'log',
  does: 'reads the clearing log in order',
  options: { ...HOW_MANY },
  examples: [['--all --ndjson > log.ndjson', 'every event with its hash, a JSON line each']],
  async run(context, many) {
    const client = await context.client();
    const { most } = mostOf(many);
    type Event = ItemOf<'listLog'>;
    await context.out.list(
      pagesOf((query) => client.listLog({ query }), most),
      [
        figure<Event>('event', ({ seq }) => seq),
        word<Event>('kind', ({ event }) => (event as { kind?: string }).kind),
        word<Event>('hash', ({ hash }) => hash.slice(0, 16)),
      ],
      { ...mostOf(many), empty: 'The log is empty.' },
    );
  },
});

export const OPERATOR_SEES = [state, waiting, acts, accounts, account, calls, held, days, log];
