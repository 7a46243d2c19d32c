/**
 * `npm run parameters`: changes a product's parameters as code is changed. It validates them as the log's readers will, tries them
 * on the last trading day and shows the difference; with `--apply` it proposes the change, of one product. A second operator is shown the
 * same by `--proposed`, and with `--apply` makes the change; then it says how to take it back.
 */
import { readFileSync } from 'node:fs';
import type { VenueRows } from '../audit/rows.ts';
import { flag, several, text, whole } from '../cli/terminal/options.ts';
import { type Caller, Exchange } from '../client/exchange.ts';
import { DEPLOYMENT } from '../infra/deployment.ts';
import { OperationsError } from '../operations/error.ts';
import { MARKET_FOLDER, MarketFolder } from '../operations/market-folder.ts';
import { changeLines } from '../operations/parameters/lines.ts';
import { type Proposal, propose, type Wanted } from '../operations/parameters/proposal.ts';
import { dryRun } from '../operations/parameters/trial.ts';
import { readVenue, type VenueSource } from '../operations/venue-table.ts';
import { command, UsageError } from './command.ts';
import { ONE_SOURCE, SOURCE } from './options.ts';

const TOKEN = 'OPERATOR_TOKEN';

await command(
  {
    name: 'parameters',
    options: {
      product: several('--product <code>', 'of several, all are tried and the first alone is changed'),
      file: text('--file <file>', 'JSON with the parameters to change, as GET /v1/operator/products shows them'),
      version: whole('--version <n>', 'the parameters of that earlier version: this is how a change is taken back', { least: 1 }),
      proposed: flag('--proposed', 'the parameters that another operator has proposed'),
      apply: flag('--apply', 'propose the change; of what another has proposed: approve it, which makes it'),
      url: text('--url <url>', `of the API, with the token of an operator in ${TOKEN}; unless the market on this machine`),
      ...SOURCE,
    },
    oneOf: [['--file', '--version', '--proposed']],
    oneAtMost: [ONE_SOURCE],
    examples: [
      ['--product H100-SXM --file limit.json', 'what the change would have made of the last trading day'],
      ['--product H100-SXM --file limit.json --apply', 'proposes it, and says what a second operator does'],
      ['--product H100-SXM --proposed --apply', 'makes what another operator has proposed, and says how to take it back'],
    ],
  },
  async ({ product: products, file, version, proposed, apply, url, ...source }) => {
    if (products.length === 0) throw new UsageError('--product is missing');
    if (proposed) return agree(products, apply, url, source);
    const wanted: Wanted = file === undefined ? { version: version! } : { json: read(file) };
    const rows = await readVenue(source);
    const proposals: Proposal[] = [];
    // All of them before any is changed: what is refused for one is refused for all.
    for (const product of products) proposals.push(await show(rows, product, wanted));
    const [first, ...others] = proposals as [Proposal, ...Proposal[]];
    if (!apply) {
      console.log('\nNothing was changed. To propose the change, of the first product alone, add --apply.');
      return 0;
    }
    const { product, to } = first;
    const body = { expectedVersion: first.version, parameters: to };
    await asOperator('OPS1', url, source, (caller) => caller.put(`/v1/operator/products/${product}`, body));
    const again = (of: string, what: string): string =>
      `  npm run parameters -- --product ${of} ${what} --apply${options({ ...source, url })}`;
    console.log(
      `\nVersion ${first.version + 1} of ${product} waits for a second operator, who makes it with a token of their own:`,
    );
    console.log(again(product, '--proposed'));
    if (others.length) console.log('\nWhen a day has settled well with it, the next:');
    if (others[0]) console.log(again(others[0].product, file === undefined ? `--version ${version}` : `--file ${file}`));
    return 0;
  },
);

interface Waiting {
  readonly kind: string;
  readonly product?: string;
  readonly proposedBy: string;
  readonly revision: number;
  readonly held: string;
  readonly proposal: { readonly parameters: object };
}

/** Shows what another operator has proposed, tried like one's own change, and approves what was shown. */
async function agree(products: readonly string[], apply: boolean, url: string | undefined, source: VenueSource): Promise<number> {
  const [product, ...others] = products;
  if (others.length > 0) throw new UsageError('--proposed is for one product at a time');
  const rows = await readVenue(source);
  await asOperator('OPS2', url, source, async (caller) => {
    const found = await proposedOf(caller, product!);
    if (!found)
      throw new OperationsError(`Nothing of ${product} waits for a second operator`, 'Propose it with --file or --version.');
    console.log(`Proposed by ${found.proposedBy}:`);
    const { version } = await show(rows, product!, { json: JSON.stringify(found.proposal.parameters) });
    if (!apply) return console.log('\nNothing was changed. To make the change, add --apply.');
    await caller.post(`/v1/operator/held/${encodeURIComponent(found.held)}/approve`, { revision: found.revision });
    console.log(`\n${product} is at version ${version + 1}. To take it back:`);
    console.log(`  npm run parameters -- --product ${product} --version ${version} --apply${options({ ...source, url })}`);
  });
  return 0;
}

async function proposedOf(caller: Caller, product: string): Promise<Waiting | undefined> {
  for (let after = ''; ; ) {
    const page = (await caller.get(`/v1/operator/held?waiting=true&limit=500${after}`)) as { items: Waiting[]; next?: string };
    const found = page.items.find((held) => held.kind === 'parameters' && held.product === product);
    if (found || page.next === undefined) return found;
    after = `&cursor=${page.next}`;
  }
}

async function show(rows: VenueRows, product: string, wanted: Wanted): Promise<Proposal> {
  const auctionTimes = DEPLOYMENT.products.find(({ code }) => code === product)?.auctions;
  const proposal = await propose(rows, product, wanted, auctionTimes);
  console.log(changeLines(proposal, await dryRun(rows, product, proposal.parameters)).join('\n'));
  return proposal;
}

/** Through the API, which is the only writer: behind the version that was tried, or not at all. */
async function asOperator(
  name: 'OPS1' | 'OPS2',
  url: string | undefined,
  source: VenueSource,
  work: (caller: Caller) => Promise<unknown>,
): Promise<void> {
  const { address, token } = url === undefined ? here(source, name) : { address: url, token: process.env[TOKEN] ?? '' };
  if (!token) throw new UsageError(`the token of an operator is expected in ${TOKEN}`);
  const exchange = new Exchange(address);
  try {
    await work(exchange.as(token));
  } catch (cause) {
    if (cause instanceof Error && 'hint' in cause) throw cause;
    const what = `The API at ${address} does not answer (${(cause as Error).message || (cause as { code?: string }).code})`;
    throw new OperationsError(what, 'Check --url. Whether the change was made, GET /v1/operator/products says.', { cause });
  } finally {
    exchange.close();
  }
}

function here({ data = MARKET_FOLDER, table }: VenueSource, name: 'OPS1' | 'OPS2'): { address: string; token: string } {
  const folder = new MarketFolder(data);
  const running = table === undefined ? folder.running() : undefined;
  if (!running) throw new OperationsError('No market is running there', 'Start it with npm start, or name the API with --url.');
  return { address: running.url, token: folder.readTokens()[name] ?? '' };
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
