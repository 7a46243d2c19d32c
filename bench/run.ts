/**
 * `npm run bench`: measures what the design promises, in one run on this machine. Nothing here fails on a slow day: a row
 * shows what was seen beside what is to be reached.
 */

import { choice, flag, whole } from '../lib/cli/terminal/options.ts';
import { command } from '../lib/commands/command.ts';
import { JSON_RESULT } from '../lib/commands/options.ts';
import { type AcceptCost, benchAccept } from './accept.ts';
import { benchAuction } from './auction.ts';
import { type BillingRow, benchBilling } from './billing.ts';
import { benchClear, type ClearBenchRow } from './clear.ts';
import { benchListening, type ListeningRow } from './listening.ts';
import { benchHostile, benchPipeline, type HostileRow, type PipelineRow } from './pipeline.ts';
import { benchSettlement, type SettlementRow } from './settlement.ts';

/** Others that trade beside the flood, and the submissions of the flood. */
const [OTHERS, FLOOD] = [500, 3_000];
const LISTENERS = 1_000;
/** Orders in a day. */
const DAYS = [1e5, 1e7, 1e9];
/** As many positions are settled that evening as a tenth of the orders: an assumption. */
const ORDERS_A_POSITION = 10;

await command(
  {
    name: 'bench',
    about:
      'The joint clear against a sort of the same limits and against an LP solver; the whole step clear against the rule alone; the ten thousandth submission of one account; what AWS would bill for orders and positions, and for a thousand listeners. A slow machine fails nothing.',
    options: {
      only: choice('--only <part>', 'one part alone', ['auction', 'clear', 'accept', 'billing', 'listening']),
      pipeline: flag(
        '--pipeline',
        'instead: orders at different limits over HTTP through the whole pipeline, and a flood of one account beside others',
      ),
      orders: whole('--orders <n>', 'orders through the pipeline', { least: 1 }, 1_000_000),
      settlement: flag('--settlement', 'instead: accounts opened and paid in bulk, given positions by one auction, and settled'),
      accounts: whole('--accounts <n>', 'accounts of the pipeline or the settlement', { least: 4 }),
      json: JSON_RESULT,
    },
    examples: [
      ['--only auction --json', 'the auction alone, for a program'],
      ['--pipeline --orders 100000 --accounts 1000', 'the pipeline, in some minutes'],
      ['--settlement --accounts 10000', 'a settlement, in some minutes'],
    ],
  },
  async ({ only, pipeline, settlement, orders, accounts, json }) => {
    if (pipeline) return runPipeline(orders, accounts ?? 10_000, json);
    if (settlement) return runSettlement(accounts ?? 100_000, json);
    const asked = (part: typeof only): boolean => only === undefined || only === part;
    const auction = asked('auction') ? await benchAuction() : [];
    const clear = asked('clear') ? await benchClear() : [];
    const accept = asked('accept') ? await benchAccept() : [];
    const billing = asked('billing') ? await benchBilling() : [];
    const listening = asked('listening') ? await benchListening(LISTENERS) : [];
    if (json) console.log(JSON.stringify({ auction, clear, accept, billing, listening }, null, 2));
    else {
      printClear(clear);
      printAccept(accept);
      print(auction, billing);
      printListening(listening);
    }
    return 0;
  },
);

function say(step: string): void {
  console.error(`${step} ...`);
}

async function runSettlement(accounts: number, json: boolean): Promise<number> {
  const row = await benchSettlement(accounts, say);
  if (json) console.log(JSON.stringify({ settlement: row }, null, 2));
  else printSettlement(row);
  return 0;
}

function printSettlement({ accounts, shards, steps, peakMemory_mb, paper }: SettlementRow): void {
  const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 });
  console.log(
    `${number(accounts)} accounts with a position each, ${shards} shards; of an account: requests, and units of post-events`,
  );
  for (const { step, seconds, posting, requests, usd } of steps)
    console.log(
      `${step.padEnd(26)} ${seconds.toFixed(1).padStart(7)} s  ${(requests / accounts).toFixed(2).padStart(6)} requests` +
        `  ${(posting.readUnits / accounts).toFixed(2).padStart(5)} r ${(posting.writeUnits / accounts).toFixed(2).padStart(5)} w` +
        `  ${number(posting.invocations).padStart(6)} invocations of post-events  ${((usd / accounts) * 1e6).toFixed(2).padStart(6)} USD per million accounts`,
    );
  console.log(`${number(peakMemory_mb)} MB at most`);
  console.log(
    `on paper, ${number(paper.accounts)} accounts of ${shards} shards: ${number(paper.tableSeconds)} s for settlement and statements at the 4,000 write units a second of a new table; ${number(paper.partitionSeconds)} s for the states at the 1,000 of a partition`,
  );
}

async function runPipeline(orders: number, accounts: number, json: boolean): Promise<number> {
  const whole = await benchPipeline(orders, accounts, say);
  const hostile = await benchHostile(OTHERS, FLOOD, say);
  if (json) console.log(JSON.stringify({ pipeline: whole, hostile }, null, 2));
  else printPipeline(whole, hostile);
  return 0;
}

function printPipeline(
  { orders, accounts, steps, peakMemory_mb, fills, traded, levels }: PipelineRow,
  hostile: HostileRow,
): void {
  const number = (value: number): string => value.toLocaleString('en-US');
  console.log(`${number(orders)} orders at different limits of ${number(accounts)} accounts, one auction: seconds`);
  for (const { step, seconds, functions } of steps) {
    const spent = Object.entries(functions).map(([name, each]) => `${name} ${each.toFixed(1)}`);
    console.log(
      `${step.padEnd(24)} ${seconds.toFixed(1).padStart(7)}  ${number(Math.round(orders / seconds)).padStart(7)} orders/s  in functions: ${spent.join(', ')}`,
    );
  }
  console.log(
    `${number(traded)} lots traded; ${number(fills)} fills and ${number(levels)} limits read back; ${number(peakMemory_mb)} MB at most`,
  );
  const { others, hostileSubmissions, alone, beside } = hostile;
  console.log(
    `\n${others} accounts beside one that sends ${number(hostileSubmissions)} submissions in a minute, ${number(beside.taken)} of them taken: seconds alone, and beside it`,
  );
  console.log(
    `until theirs stand in the book  ${alone.accepted.toFixed(1).padStart(7)} ${beside.accepted.toFixed(1).padStart(7)}`,
  );
  console.log(`from the cut to the last post   ${alone.cleared.toFixed(1).padStart(7)} ${beside.cleared.toFixed(1).padStart(7)}`);
}

function printClear(rows: readonly ClearBenchRow[]): void {
  if (rows.length === 0) return;
  console.log('the whole step clear, from stored items to items to write: milliseconds of its thread (to reach: 8 x the rule)');
  for (const row of rows) {
    const { what, orders, steps, whole_ms, rule_ms, ratio, selfMatch_ms, selfMatchRatio, peakMemory_mb } = row;
    const each = Object.entries(steps).map(([step, ms]) => `${step} ${ms.toFixed(0)}`);
    console.log(
      `${orders.toLocaleString('en-US')} orders, ${what}: ${whole_ms.toFixed(0)}, the rule ${rule_ms.toFixed(1)}, ratio ${ratio.toFixed(1)}: ${each.join(', ')};` +
        ` self-matches ${selfMatch_ms.toFixed(1)}, ${selfMatchRatio.toFixed(2)} x the rule (to reach: 1 where no owner crosses itself);` +
        ` ${row.fills.toLocaleString('en-US')} fills and ${row.carried.toLocaleString('en-US')} carried in ${row.written_mb.toFixed(1)} MB; ${peakMemory_mb} MB at most so far`,
    );
  }
}

function printListening(rows: readonly ListeningRow[]): void {
  if (rows.length === 0) return;
  const sum = (parts: ListeningRow['parts']): number => Object.values(parts).reduce((total, usd) => total + usd, 0);
  console.log(`\n${LISTENERS.toLocaleString('en-US')} listeners, USD a day`);
  for (const { what, times, parts } of rows) {
    const shares = Object.entries(parts).filter(([, usd]) => usd > 0);
    console.log(
      `${`${what}, ${times} x`.padEnd(46)} ${sum(parts).toFixed(3).padStart(7)}  ${shares.map(([part, usd]) => `${part} ${usd.toFixed(4)}`).join(', ')}`,
    );
  }
  console.log(
    `${'together'.padEnd(46)} ${rows
      .reduce((total, { parts }) => total + sum(parts), 0)
      .toFixed(3)
      .padStart(7)}`,
  );
}

function printAccept(rows: Awaited<ReturnType<typeof benchAccept>>): void {
  if (rows.length === 0) return;
  console.log('a submission to accept: read and write units and milliseconds, of the first and of the last thousand');
  const shown = ({ readUnits, writeUnits, ms }: AcceptCost): string =>
    `${readUnits.toFixed(2).padStart(6)} r ${writeUnits.toFixed(2).padStart(5)} w ${ms.toFixed(2).padStart(6)} ms`;
  for (const { what, submissions, first, last, ratio } of rows)
    console.log(
      `${what.padEnd(42)} ${shown(first)}  ${shown(last)}  ratio ${ratio.toFixed(2)} (to reach: 1.00); ${submissions} sent`,
    );
}

function print(auction: Awaited<ReturnType<typeof benchAuction>>, billing: Awaited<ReturnType<typeof benchBilling>>): void {
  const text = (value: number | null, digits: number): string => (value === null ? '-' : value.toFixed(digits));
  if (auction.length) {
    console.log(
      'joint clear, 12 months, 30% spreads: milliseconds, and the ratio to sorting the same limits (to reach: 0.5 at 1,000,000)',
    );
    for (const { orders, clear_ms, sort_ms, ratio, highs_ms, surplus_equal } of auction)
      console.log(
        `${orders.toLocaleString('en-US').padStart(10)} orders  clear ${text(clear_ms, 1).padStart(7)}  sort ${text(sort_ms, 1).padStart(7)}` +
          `  ratio ${text(ratio, 2).padStart(6)}  highs ${text(highs_ms, 0).padStart(6)}${surplus_equal === null ? '' : surplus_equal ? '  surplus equal' : '  SURPLUS DIFFERS'}`,
      );
  }
  if (billing.length) printBilling(billing);
}

function printBilling(billing: readonly BillingRow[]): void {
  console.log('\nbilled, USD per million, from the requests that were sent (Lambda time as measured here)');
  for (const { what, counted, usdPerMillion, reach, parts } of billing) {
    const shares = Object.entries(parts).map(([part, usd]) => `${part} ${usd.toFixed(3)}`);
    console.log(
      `${what.padEnd(52)} ${usdPerMillion.toFixed(3).padStart(7)}  (to reach: ${reach.toFixed(3)})  ${shares.join(', ')}; ${counted} counted`,
    );
  }
  const usd = (kind: BillingRow['kind']): number => billing.find((row) => row.kind === kind)!.usdPerMillion;
  console.log(
    '\na day by the first row of each kind, USD: orders one a request; 500 a request; a tenth as many positions settled',
  );
  for (const orders of DAYS) {
    const costs = [orders * usd('single'), orders * usd('full'), (orders / ORDERS_A_POSITION) * usd('positions')];
    console.log(
      `${orders.toLocaleString('en-US').padStart(13)} orders  ${costs.map((cost) => (cost / 1e6).toFixed(2).padStart(10)).join('')}`,
    );
  }
}
