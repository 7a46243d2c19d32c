/**
 * `npm run -s auction`: holds an auction now. It puts into the queue what the schedule would put there, with this moment as
 * the due time, and shows what cleared. The market keeps its calendar: there is none on a day without trading.
 */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Caller, Exchange } from '../client/exchange.ts';
import { isBusinessDay, localDate } from '../domain/contract/calendar.ts';
import { LocalCloudError } from '../local/host/error.ts';
import { MARKET_FOLDER, MarketFolder, type Running } from '../operations/market-folder.ts';
import { PARAMETERS } from '../simulation/simulation.ts';

const CLEARED_WITHIN_MS = 20_000;

interface Cleared {
  readonly auction: number;
  readonly slot: string;
  readonly months: readonly {
    readonly contract: string;
    readonly price: string;
    readonly traded: boolean;
    readonly volume: number;
  }[];
}

async function main(): Promise<void> {
  const folder = new MarketFolder(process.argv[2] ?? MARKET_FOLDER);
  const running = folder.running();
  if (!running) throw new LocalCloudError('No market is running here', 'Start it in another terminal: npm start');
  const nowMs = Date.now() + running.aheadMs;
  const today = localDate(nowMs, running.timeZone);
  if (!isBusinessDay(PARAMETERS.calendar, today))
    throw new LocalCloudError(`${today} is not a trading day`, 'What npm start shows says how to set its clock ahead.');
  const slot = new Date(nowMs).toISOString();
  await ring(running, slot);
  const exchange = new Exchange(running.url);
  try {
    show(await cleared(exchange.as(folder.readTokens().ACME ?? ''), running.product, slot));
  } finally {
    exchange.close();
  }
}

async function ring({ closings, product }: Running, slot: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint: new URL(closings).origin, region: 'us-east-1', credentials });
  await client.send(new SendMessageCommand({ QueueUrl: closings, MessageBody: JSON.stringify({ v: 1, product, slot }) }));
  client.destroy();
}

async function cleared(caller: Caller, product: string, slot: string): Promise<Cleared> {
  for (const deadline = Date.now() + CLEARED_WITHIN_MS; Date.now() < deadline; ) {
    const { items } = (await caller.get(`/v1/auctions?product=${product}&limit=1`)) as { items: Cleared[] };
    if (items[0] && Date.parse(items[0].slot) === Date.parse(slot)) return items[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new LocalCloudError(
    `The auction of ${slot} has not cleared in ${CLEARED_WITHIN_MS / 1000} s`,
    'A halted venue, a day run under way or a later auction would be why: look at the terminal of npm start.',
  );
}

function show({ auction, slot, months }: Cleared): void {
  const traded = months.filter((month) => month.traded);
  console.log(`auction ${auction}, ${slot}: ${traded.length === 0 ? 'nothing traded' : ''}`.trimEnd());
  for (const { contract, price, volume } of traded) console.log(`  ${contract}  ${price}  ${volume} lots`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof LocalCloudError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
