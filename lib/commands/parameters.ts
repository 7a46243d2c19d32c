/**
 * `npm run parameters`: changes a product's parameters as code is changed. It validates them as the log's readers will, tries them
 * on the last trading day and shows the difference; with `--apply` it makes the change, to one product, and says how to
 * take it back.
 */
import { readFileSync } from 'node:fs';
import type { VenueRows } from '../audit/rows.ts';
import { Exchange, UnexpectedAnswerError } from '../client/exchange.ts';
import { DEPLOYMENT } from '../infra/deployment.ts';
import { OperationsError } from '../operations/error.ts';
import { MARKET_FOLDER, MarketFolder } from '../operations/market-folder.ts';
import { changeLines } from '../operations/parameters/lines.ts';
import { type Proposal, propose, type Wanted } from '../operations/parameters/proposal.ts';
import { dryRun } from '../operations/parameters/trial.ts';
import { readVenue, type VenueSource } from '../operations/venue-table.ts';
import { command, UsageError } from './command.ts';
import { flag, ONE_SOURCE, SOURCE, several, text, whole } from './options.ts';

const TOKEN = 'OPERATOR_TOKEN';

await command(
  {
    name: 'parameters',
    options: {
      product: several('--product <code>', 'of several, all are tried and the first alone is changed'),
      file: text('--file <file>', 'JSON with the parameters to change, as GET /v1/operator/products shows them'),
      version: whole('--version <n>', 'the parameters of that earlier version: this is how a change is taken back', { least: 1 }),
      apply: flag('--apply', 'make the change'),
      url: text('--url <url>', `of the API, with the token of an operator in ${TOKEN}; unless the market on this machine`),
      ...SOURCE,
    },
    oneOf: [['--file', '--version']],
    oneAtMost: [ONE_SOURCE],
    examples: [
      ['--product H100-SXM --file limit.json', 'what the change would have made of the last trading day'],
      ['--product H100-SXM --file limit.json --apply', 'makes it, and says how to take it back'],
    ],
  },
  async ({ product: products, file, version, apply, url, ...source }) => {
    if (products.length === 0) throw new UsageError('--product is missing');
    const wanted: Wanted = file === undefined ? { version: version! } : { json: read(file) };
    const rows = await readVenue(source);
    const proposals: Proposal[] = [];
    // All of them before any is changed: what is refused for one is refused for all.
    for (const product of products) proposals.push(await show(rows, product, wanted));
    const [first, ...others] = proposals as [Proposal, ...Proposal[]];
    if (!apply) {
      console.log('\nNothing was changed. To change it, the first product alone, add --apply.');
      return 0;
    }
    await put(first, url, source);
    const again = (product: string, what: string): string =>
      `  npm run parameters -- --product ${product} ${what} --apply${options({ ...source, url })}`;
    console.log(`\n${first.product} is at version ${first.version + 1}. To take it back:`);
    console.log(again(first.product, `--version ${first.version}`));
    if (others.length) console.log('\nWhen a day has settled well with it, the next:');
    if (others[0]) console.log(again(others[0].product, file === undefined ? `--version ${version}` : `--file ${file}`));
    return 0;
  },
);

async function show(rows: VenueRows, product: string, wanted: Wanted): Promise<Proposal> {
  const auctionTimes = DEPLOYMENT.products.find(({ code }) => code === product)?.auctions;
  const proposal = await propose(rows, product, wanted, auctionTimes);
  console.log(changeLines(proposal, await dryRun(rows, product, proposal.parameters)).join('\n'));
  return proposal;
}

/** Through the API, which is the only writer: behind the version that was tried, or not at all. */
async function put({ product, version, to }: Proposal, url: string | undefined, source: VenueSource): Promise<void> {
  const { address, token } = url === undefined ? here(source) : { address: url, token: process.env[TOKEN] ?? '' };
  if (!token) throw new UsageError(`the token of an operator is expected in ${TOKEN}`);
  const exchange = new Exchange(address);
  try {
    await exchange.as(token).put(`/v1/operator/products/${product}`, { expectedVersion: version, parameters: to });
  } catch (cause) {
    if (cause instanceof UnexpectedAnswerError) throw cause;
    const what = `The API at ${address} does not answer (${(cause as Error).message || (cause as { code?: string }).code})`;
    throw new OperationsError(what, 'Check --url. Whether the change was made, GET /v1/operator/products says.', { cause });
  } finally {
    exchange.close();
  }
}

function here({ data = MARKET_FOLDER, table }: VenueSource): { address: string; token: string } {
  const folder = new MarketFolder(data);
  const running = table === undefined ? folder.running() : undefined;
  if (!running) throw new OperationsError('No market is running there', 'Start it with npm start, or name the API with --url.');
  return { address: running.url, token: folder.readTokens().OPS1 ?? '' };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function options(given: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(given)
    .map(([name, value]) => (value === undefined ? '' : ` --${name} ${value}`))
    .join('');
}
