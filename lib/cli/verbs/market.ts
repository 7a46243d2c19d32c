/** The market, which needs no account: what is listed and at which prices, what has cleared, and what comes next. */
import type { Client } from '../../client/client.ts';
import type { Answered, ItemOf } from '../session/connection.ts';
import { verbOf } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { fieldLines, figure, type Paint, tableLines, word } from '../terminal/table.ts';
import { HOW_MANY, mostOf, PRODUCT, pagesOf } from './lists.ts';

type Auction = ItemOf<'listAuctions'>;
type Month = Auction['months'][number];
type Contract = ItemOf<'listContracts'>;

const contract = word<Contract>('contract', ({ contract, near }) => `${contract}${near ? ' *' : ''}`);
const mark = figure<Contract>('mark USD', ({ settlementPrice }) => settlementPrice);
const band = figure<Contract>('band USD', ({ band: { low, high } }) => `${low} to ${high}`);

const MONTHS = [
  word<Month>('contract', ({ contract }) => contract),
  figure<Month>('price USD', ({ price }) => price),
  figure<Month>('volume lots', ({ traded, volume }) => (traded ? volume : 0)),
  figure<Month>('bid', ({ bid }) => bid),
  figure<Month>('offer', ({ offer }) => offer),
  word<Month>('locked', ({ locked }) => locked && `${locked.state}, ${locked.kept} of ${locked.crowd} lots let in`),
];

const volumeOf = ({ months }: Auction): number => months.reduce((sum, { volume }) => sum + volume, 0);
const named = ({ auction, slot, closing }: Auction): string => `${auction}${closing ? ', closing' : ''}, ${slot}`;

const market = verbOf({
  name: 'market',
  does: 'shows the curve, what the last auction cleared, and the next one',
  about: 'Prices are USD per GPU-hour. The month marked * is the near one. The market is public: it needs no token.',
  options: { product: PRODUCT },
  examples: [
    ['', 'the market of the profile in use'],
    ['--url https://exchange.example.com', 'another, without signing in'],
    ['--json', 'the same for a program'],
  ],
  async run(context, { product: wanted }) {
    const { out } = context;
    const client = await context.client();
    const product = await context.product(wanted);
    const [{ items: contracts }, { items: auctions }, next] = await Promise.all([
      client.listContracts({ query: { product } }),
      client.listAuctions({ query: { product, limit: '1' } }),
      nextOf(client, product),
    ]);
    const lastAuction = auctions[0] ?? null;
    const months = new Map(lastAuction?.months.map((month) => [month.contract, month]));
    const columns = [
      contract,
      mark,
      band,
      figure<Contract>('last USD', (each) => months.get(each.contract)?.price),
      figure<Contract>('volume lots', (each) => months.get(each.contract)?.volume),
      word<Contract>('last trading day', ({ lastTradingDay }) => lastTradingDay),
      word<Contract>('rolls', ({ rollWindow }) => rollWindow && `${rollWindow.first} to ${rollWindow.last}`),
    ];
    const fields = fieldLines(
      [
        ['product', product],
        ['last auction', lastAuction && `${named(lastAuction)}, ${volumeOf(lastAuction)} lots`],
        [
          'next auction',
          next && `${next.auction}, ${next.kind}, cut at ${next.cuts}${next.stopped ? '; trading is STOPPED' : ''}`,
        ],
      ],
      out.paint,
    );
    out.result({ product, contracts, lastAuction, nextAuction: next }, [
      ...fields,
      '',
      ...tableLines(columns, contracts, out.paint),
    ]);
  },
});

/** `null` where the calendar has no data. */
async function nextOf(client: Client, product: string): Promise<Answered<'showNextAuction'> | null> {
  try {
    return await client.showNextAuction({ params: { product } });
  } catch (error) {
    if (error instanceof Failure && error.refusal.code === 'not-found') return null;
    throw error;
  }
}

const products = verbOf({
  name: 'products',
  does: 'lists the products with their parameters',
  options: {},
  examples: [
    ['', 'what is traded here'],
    ['--json', 'with every parameter'],
  ],
  async run(context) {
    const { items } = await (await context.client()).listProducts();
    await context.out.list(
      [items],
      [
        word('product', ({ product }) => product),
        figure('version', ({ version }) => version),
        figure('lot GPU-hours', ({ parameters }) => parameters.lotGpuHours),
        word('time zone', ({ parameters }) => parameters.timeZone),
      ],
      { empty: 'The venue lists no product yet.' },
    );
  },
});

const auctions = verbOf({
  name: 'auctions',
  does: 'lists cleared auctions, newest first',
  options: { product: PRODUCT, ...HOW_MANY },
  examples: [
    ['', 'the last ones'],
    ['--all --ndjson', 'every one, a JSON line each'],
  ],
  async run(context, { product: wanted, ...many }) {
    const client = await context.client();
    const product = await context.product(wanted);
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listAuctions({ query: { product, ...query } }), most),
      [
        figure('auction', ({ auction }) => auction),
        word('slot', ({ slot }) => slot),
        word('date', ({ date }) => date),
        word('closing', ({ closing }) => (closing ? 'closing' : '')),
        figure('volume lots', volumeOf),
        word('locked', ({ months }) =>
          months
            .filter(({ locked }) => locked)
            .map(({ contract }) => contract)
            .join(' '),
        ),
      ],
      { ...mostOf(many), empty: 'No auction has cleared yet.' },
    );
  },
});

const auction = verbOf({
  name: 'auction',
  does: 'shows one cleared auction, month by month',
  operands: [{ form: '[number]', says: 'which one; the last unless given' }],
  options: { product: PRODUCT },
  examples: [
    ['', 'the last one'],
    ['17', 'that one'],
  ],
  async run(context, { product: wanted }, [number]) {
    const { out } = context;
    const product = await context.product(wanted);
    const shown = await readAuction(context, product, number);
    out.result(shown, [
      ...fieldLines(
        [
          ['auction', named(shown)],
          ['surplus USD', shown.surplus],
          ['orders', shown.orders],
        ],
        out.paint,
      ),
      '',
      ...tableLines(MONTHS, shown.months, out.paint),
    ]);
  },
});

async function readAuction(
  context: Parameters<typeof auction.run>[0],
  product: string,
  number: string | undefined,
): Promise<Answered<'showAuction'>> {
  const client = await context.client();
  const last = number ?? `${(await client.listAuctions({ query: { product, limit: '1' } })).items[0]?.auction ?? 1}`;
  return client.showAuction({ params: { product, auction: last } });
}

const depth = verbOf({
  name: 'depth',
  does: 'shows what traded and what lapsed at each limit of a cleared auction',
  operands: [{ form: '[number]', says: 'which auction; the last unless given' }],
  options: { product: PRODUCT, ...HOW_MANY },
  examples: [
    ['', 'the last one'],
    ['17 --all', 'all of that one'],
  ],
  async run(context, { product: wanted, ...many }, [number]) {
    const product = await context.product(wanted);
    const { auction: last } = await readAuction(context, product, number);
    const client = await context.client();
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listDepth({ params: { product, auction: `${last}` }, query }), most),
      [
        word('contract', (level) => ('contract' in level ? level.contract : `${level.buy} - ${level.sell}`)),
        word('side', (level) => ('side' in level ? level.side : 'spread')),
        figure('limit USD', ({ price }) => price),
        figure('traded lots', ({ traded }) => traded),
        figure('lapsed lots', ({ lapsed }) => lapsed),
      ],
      { ...mostOf(many), empty: 'Nothing traded in it, and nothing lapsed.' },
    );
  },
});

type Day = ItemOf<'listCalendar'>;
const calendar = verbOf({
  name: 'calendar',
  does: 'lists the trading days ahead: auctions, roll days, last trading days',
  options: { product: PRODUCT, ...HOW_MANY },
  examples: [
    ['', 'from today on'],
    ['--limit 5 --json', 'the next five for a program'],
  ],
  async run(context, { product: wanted, ...many }) {
    const client = await context.client();
    const product = await context.product(wanted);
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listCalendar({ params: { product }, query }), most),
      [
        word<Day>('date', ({ date }) => date),
        word<Day>('auctions UTC', ({ auctions }) =>
          auctions.map(({ at, kind }) => `${at.slice(11, 16)}${kind === 'closing' ? ' closing' : ''}`).join(', '),
        ),
        word<Day>('rolls', ({ roll }) => roll && `${roll.near} into ${roll.next}, day ${roll.day} of ${roll.days}`),
        word<Day>('last trading day of', ({ lastTradingOf }) => lastTradingOf),
      ],
      { ...mostOf(many), empty: 'The calendar has no days ahead.' },
    );
  },
});

type Closed = ItemOf<'listHistory'>;
const history = verbOf({
  name: 'history',
  does: 'lists closed days, newest first: settlement prices, volume and open interest',
  options: { product: PRODUCT, ...HOW_MANY },
  examples: [
    ['--limit 1', 'the last closed day, month by month'],
    ['--all --ndjson', 'every day with every month, a JSON line each'],
  ],
  async run(context, { product: wanted, ...many }) {
    const { out } = context;
    const client = await context.client();
    const product = await context.product(wanted);
    const pages = pagesOf((query) => client.listHistory({ params: { product }, query }), mostOf(many).most);
    if (many.limit === 1 && !many.all && out.format === 'text') {
      for await (const [day] of pages) return out.result(day ?? null, day === undefined ? [NO_DAY] : closedLines(day, out.paint));
    }
    await out.list(
      pages,
      [
        word<Closed>('date', ({ date }) => date),
        figure<Closed>('closing auction', ({ auction }) => auction),
        figure<Closed>('volume lots', ({ months }) => months.reduce((sum, { volume }) => sum + volume, 0)),
        figure<Closed>('open interest lots', ({ months }) => months.reduce((sum, { openInterest }) => sum + openInterest, 0)),
        figure<Closed>('first month USD', ({ months }) => months[0]?.settlementPrice),
        figure<Closed>('last month USD', ({ months }) => months.at(-1)?.settlementPrice),
        word<Closed>('expired', ({ expired }) => expired && `${expired.contract} at ${expired.finalPrice}`),
      ],
      { ...mostOf(many), empty: NO_DAY },
    );
  },
});
const NO_DAY = 'No day has closed yet.';

const closedLines = ({ date, auction, months }: Closed, paint: Paint): string[] => [
  ...fieldLines(
    [
      ['date', date],
      ['closing auction', auction],
    ],
    paint,
  ),
  '',
  ...tableLines(
    [
      word<Closed['months'][number]>('contract', ({ contract }) => contract),
      figure<Closed['months'][number]>('settlement USD', ({ settlementPrice }) => settlementPrice),
      figure<Closed['months'][number]>('volume lots', ({ volume }) => volume),
      figure<Closed['months'][number]>('open interest lots', ({ openInterest }) => openInterest),
      word<Closed['months'][number]>('locked', ({ locked }) => locked),
    ],
    months,
    paint,
  ),
];

const index = verbOf({
  name: 'index',
  does: 'lists values of the spot index, newest first: what months settle at in the end is their mean',
  options: { product: PRODUCT, ...HOW_MANY },
  examples: [['', 'the last ones']],
  async run(context, { product: wanted, ...many }) {
    const client = await context.client();
    const product = await context.product(wanted);
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listIndexHistory({ params: { product }, query }), most),
      [
        word<ItemOf<'listIndexHistory'>>('date', ({ date }) => date),
        figure<ItemOf<'listIndexHistory'>>('value USD', ({ value }) => value),
      ],
      { ...mostOf(many), empty: 'No value is published yet.' },
    );
  },
});

type RollDay = ItemOf<'listRolls'>;
const rolls = verbOf({
  name: 'rolls',
  does: 'lists what rolled in the whole market, day by day, at which price and cost',
  options: { product: PRODUCT, ...HOW_MANY },
  examples: [['', 'the last roll days']],
  async run(context, { product: wanted, ...many }) {
    const client = await context.client();
    const product = await context.product(wanted);
    const { most } = mostOf(many);
    await context.out.list(
      pagesOf((query) => client.listRolls({ params: { product }, query }), most),
      [
        word<RollDay>('date', ({ date }) => date),
        word<RollDay>('near', ({ near }) => near),
        word<RollDay>('next', ({ next }) => next),
        figure<RollDay>('next less near USD', ({ price }) => price),
        figure<RollDay>('longs lots', ({ longsRolled }) => longsRolled),
        figure<RollDay>('shorts lots', ({ shortsRolled }) => shortsRolled),
        figure<RollDay>('longs left lots', ({ longsLeft }) => longsLeft),
        figure<RollDay>('cost of longs USD', ({ longsRollCost }) => longsRollCost),
      ],
      { ...mostOf(many), empty: 'Nothing has rolled yet.' },
    );
  },
});

export const MARKET = [market, products, auctions, auction, depth, calendar, history, index, rolls];
