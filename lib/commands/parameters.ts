/**
 * `npm run parameters`: changes a product's parameters as code is changed. It validates them as the log's readers will, tries them
 * on the last trading day and shows the difference; with `--apply` it makes the change, to one product, and says how to
 * take it back.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { VenueRows } from '../audit/rows.ts';
import { Exchange, UnexpectedAnswerError } from '../client/exchange.ts';
import { LocalCloudError } from '../local/host/error.ts';
import { MARKET_FOLDER, MarketFolder } from '../operations/market-folder.ts';
import { changeLines } from '../operations/parameters/lines.ts';
import { type Proposal, propose, type Wanted } from '../operations/parameters/proposal.ts';
import { dryRun } from '../operations/parameters/trial.ts';
import { readVenue, SOURCE_HELP, SOURCE_OPTIONS, type Source } from './source.ts';

const TOKEN = 'OPERATOR_TOKEN';

const HELP = `Tries other parameters of a product on its last trading day, and makes the change if told to.

  npm run parameters -- --product CODE (--file FILE | --version N) [options]

  --product CODE  of several, all are tried and the first alone is changed
  --file FILE     JSON with the parameters to change, as GET /v1/operator/products shows them
  --version N     the parameters of that earlier version: this is how a change is taken back
  --apply         make the change
  --url URL       of the API, with the token of an operator in ${TOKEN}; by default the market on this machine
${SOURCE_HELP}
  --help`;

class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { product: products = [], file, version, apply, url, help, ...source } = read(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  if (products.length === 0) throw new UsageError('--product is missing');
  const wanted = wantedOf(file, version);
  const rows = await readVenue(source);
  const proposals: Proposal[] = [];
  // All of them before any is changed: what is refused for one is refused for all.
  for (const product of products) proposals.push(await show(rows, product, wanted));
  const [first, ...others] = proposals as [Proposal, ...Proposal[]];
  const again = (product: string, what: string): string =>
    `  npm run parameters -- --product ${product} ${what} --apply${options({ ...source, url })}`;
  if (!apply) {
    console.log('\nNothing was changed. To change it, the first product alone, add --apply.');
    return 0;
  }
  await put(first, url, source);
  console.log(`\n${first.product} is at version ${first.version + 1}. To take it back:`);
  console.log(again(first.product, `--version ${first.version}`));
  if (others.length) console.log('\nWhen a day has settled well with it, the next:');
  if (others[0]) console.log(again(others[0].product, file === undefined ? `--version ${version}` : `--file ${file}`));
  return 0;
}

async function show(rows: VenueRows, product: string, wanted: Wanted): Promise<Proposal> {
  const proposal = await propose(rows, product, wanted);
  console.log(changeLines(proposal, await dryRun(rows, product, proposal.parameters, rows.shards())).join('\n'));
  return proposal;
}

/** Through the API, which is the only writer: behind the version that was tried, or not at all. */
async function put({ product, version, to }: Proposal, url: string | undefined, source: Source): Promise<void> {
  const { address, token } = url === undefined ? here(source) : { address: url, token: process.env[TOKEN] ?? '' };
  if (!token) throw new UsageError(`the token of an operator is expected in ${TOKEN}`);
  const exchange = new Exchange(address);
  try {
    await exchange.as(token).put(`/v1/operator/products/${product}`, { expectedVersion: version, parameters: to });
  } finally {
    exchange.close();
  }
}

function here({ data = MARKET_FOLDER, table }: Source): { address: string; token: string } {
  const folder = new MarketFolder(data);
  const running = table === undefined ? folder.running() : undefined;
  if (!running) throw new LocalCloudError('No market is running there', 'Start it with npm start, or name the API with --url.');
  return { address: running.url, token: folder.readTokens().OPS1 ?? '' };
}

function wantedOf(file: string | undefined, version: string | undefined): Wanted {
  if ((file === undefined) === (version === undefined)) throw new UsageError('either --file or --version says what is wanted');
  if (file === undefined) {
    if (!/^[1-9]\d{0,8}$/.test(version!)) throw new UsageError(`--version must be a whole number from 1 on, not ${version}`);
    return { version: Number(version) };
  }
  try {
    return { json: readFileSync(file, 'utf8') };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const options = (given: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(given)
    .map(([name, value]) => (value === undefined ? '' : ` --${name} ${value}`))
    .join('');

function read(args: string[]) {
  try {
    const options = {
      ...SOURCE_OPTIONS,
      product: { type: 'string', multiple: true },
      file: { type: 'string' },
      version: { type: 'string' },
      apply: { type: 'boolean' },
      url: { type: 'string' },
      help: { type: 'boolean' },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${HELP}`);
  else if (error instanceof LocalCloudError || error instanceof UnexpectedAnswerError) console.error(error.message);
  else throw error;
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
