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
  const order = `{"product":"${product}","orders":[{"clientOrderId":"first","side":"buy","contract":"${near.contract}","price":"${above(near.settlementPrice)}","lots":5}]}`;
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
    'In another terminal. Tokens: $ACME and $NIMBUS trade, $OPS1 and $OPS2 operate.',
    `  source ${board.tokensFile}`,
    '',
    'Send an order, see what became of it, play on to the next auction instead of waiting, look at the result:',
    `  STATUS=$(curl -s $MARKET/v1/submissions -H "Authorization: Bearer $ACME" -H "Idempotency-Key: $(npm run -s key${board.here})" -d '${order}' | node -pe 'JSON.parse(fs.readFileSync(0)).status')`,
    `  curl -s $MARKET$STATUS -H "Authorization: Bearer $ACME"`,
    `  npm run -s auction${board.here}`,
    `  curl -s $MARKET/v1/positions -H "Authorization: Bearer $ACME"`,
    `  curl -s $MARKET/v1/journal -H "Authorization: Bearer $ACME"`,
    '',
    'The others trade beside you. Play on: to the next auction, through the day, through the next day on which positions roll:',
    `  npm run -s auction${board.here}`,
    `  npm run -s day${board.here}`,
    `  npm run -s play -- --to roll${board.here.replace(/^ --/, '')}`,
    '',
    'Roll the near month forward when its window comes; publish an index value as two operators, one who proposes it and one who approves:',
    `  curl -s -X PUT $MARKET/v1/roll-instructions/${product} -H "Authorization: Bearer $ACME" -d '{"at":"market"}'`,
    `  curl -s -X PUT $MARKET/v1/operator/index/${product}/${board.now.slice(0, 10)} -H "Authorization: Bearer $OPS1" -d '{"value":"2.3978"}'`,
    `  curl -s -X POST $MARKET/v1/operator/held/index.${product}.${board.now.slice(0, 10)}/approve -H "Authorization: Bearer $OPS2" -d '{"revision":1}'`,
    '',
    'Ctrl-C stops it; the next start goes on from here.',
  ];
}

/** A little above a price of three decimals, so that an order at it meets the market maker's offer. */
const above = (price: string): string => `${(BigInt(price.replace('.', '')) + 20n).toString().replace(/(\d{3})$/, '.$1')}`;
