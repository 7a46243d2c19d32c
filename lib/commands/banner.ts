/** What `npm start` shows: where the market is, what it lists, and lines to copy that take an order through it. */

export interface Banner {
  readonly url: string;
  readonly product: string;
  /** Wall clock of the product's time zone. */
  readonly now: string;
  readonly timeZone: string;
  /** How far the market's clock is ahead of this machine's. */
  readonly aheadMs: number;
  readonly tokensFile: string;
  readonly contracts: readonly { readonly contract: string; readonly settlementPrice: string; readonly near: boolean }[];
  /** Today is no trading day. */
  readonly isClosed: boolean;
  readonly nextAuction: string;
  readonly dataDir: string;
  /** What names this market to the other commands; nothing when they find it by themselves. */
  readonly here: string;
}

const CONTRACTS_SHOWN = 6;

export function bannerLines(board: Banner): string[] {
  const { product, contracts } = board;
  const near = contracts.find((contract) => contract.near) ?? contracts[0]!;
  const today = board.now.slice(0, 10);
  const minutes = Math.round(board.aheadMs / 60_000);
  const ahead = minutes < 1 ? '' : `, ${Math.floor(minutes / 60)} h ${minutes % 60} min ahead of this machine`;
  const closed = board.isClosed
    ? ['', 'Closed today: orders rest until the next auction, which `npm run -s auction` plays on to.']
    : [];
  return [
    '',
    `The market is at ${board.url}`,
    `It is ${board.now} in ${board.timeZone}${ahead}; next auction ${board.nextAuction}. Everything is kept in ${board.dataDir}.`,
    ...closed,
    '',
    `${product}, settlement prices in USD per GPU-hour (* near month):`,
    `  ${contracts
      .slice(0, CONTRACTS_SHOWN)
      .map(
        ({ contract, settlementPrice, near: isNear }) =>
          `${contract.slice(product.length + 1)} ${settlementPrice}${isNear ? '*' : ''}`,
      )
      .join('   ')}   ... ${contracts.length} months`,
    '',
    'In another terminal, as one of its participants (the profile local; local-seller is another): preview and buy, play on to the next auction',
    'instead of waiting, and look at the result:',
    `  npx compute-exchange buy 5 ${near.contract} --at ${above(near.settlementPrice)}`,
    `  npm run -s auction${board.here}`,
    '  npx compute-exchange fills',
    '  npx compute-exchange positions',
    '',
    'The others trade beside you. Play on: to the next auction, through the day, through the next day on which positions roll:',
    `  npm run -s auction${board.here}`,
    `  npm run -s day${board.here}`,
    `  npm run -s play -- --to roll${board.here.replace(/^ --/, '')}`,
    '',
    'Roll the near month forward when its window comes; publish an index value as two operators, one who proposes it and one who approves:',
    '  npx compute-exchange roll on',
    `  npx compute-exchange operator put-index ${today} 2.3978 --profile local-operator`,
    `  npx compute-exchange operator approve index.${product}.${today} --profile local-approver`,
    '',
    `npx compute-exchange --help lists all that it can do. For programs: ${board.tokensFile} has tokens, and $MARKET, as shell variables.`,
    'Ctrl-C stops it; the next start goes on from here.',
  ];
}

/** A little above a price of three decimals, so that an order at it meets the market maker's offer. */
const above = (price: string): string => `${(BigInt(price.replace('.', '')) + 20n).toString().replace(/(\d{3})$/, '.$1')}`;
