/**
 * `npm run margin`: proposes a product's margin scenarios from what its settlement prices have done, or those in a file, shows what they
 * cover and how such proposals would have done day by day, and writes them as `npm run parameters` takes them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { required, text, whole } from '../cli/terminal/options.ts';
import type { ProductState } from '../domain/clearing/venue.ts';
import { monthAfter, monthOf } from '../domain/contract/months.ts';
import { INDEX_DECIMALS } from '../domain/contract/product.ts';
import { divideHalfEven } from '../domain/contract/units.ts';
import { PROPOSAL_RULE, type SettledCurve } from '../domain/risk/scenario-proposal.ts';
import { readSettlements, settledCurves } from '../operations/margin/history.ts';
import { marginFile, marginLines, proposeMargin } from '../operations/margin/proposal.ts';
import { readVenue } from '../operations/venue-table.ts';
import { readSpot, SPOT_COLUMNS } from '../simulation/prices.ts';
import { command, UsageError } from './command.ts';
import { JSON_RESULT, ONE_SOURCE, SOURCE } from './options.ts';

await command(
  {
    name: 'margin',
    about:
      'A proposal covers the moves over the margin period that history did not exceed in the stated share of days, with a buffer that is\n' +
      'drawn on before anything rises and a cap on the rise per day. Nothing is changed: npm run parameters tries it and makes it.',
    options: {
      product: required(text('--product <code>', 'of the venue, whose add-ons stay as they are')),
      file: text(
        '--file <file>',
        "settlement prices instead of the venue's own: CSV of date,contract,price, or a spot index as npm run simulate takes",
      ),
      period: whole(
        '--period <n>',
        'business days that it takes to close a position out',
        { least: 1, most: 30 },
        PROPOSAL_RULE.periodDays,
      ),
      confidence: whole(
        '--confidence <n>',
        'moves of a hundred thousand that are covered',
        { least: 50_000, most: 100_000 },
        PROPOSAL_RULE.confidence,
      ),
      window: whole(
        '--window <n>',
        'newest settlements that count beside all of them',
        { least: 20, most: 10_000 },
        PROPOSAL_RULE.windowDays,
      ),
      out: text('--out <file>', 'write the proposal there'),
      json: JSON_RESULT,
      ...SOURCE,
    },
    oneAtMost: [ONE_SOURCE],
    examples: [
      ['--product H100-SXM', "what the venue's own settlements propose"],
      ['--product H100-SXM --file data/gpu-spot-daily.csv --out margin.json', 'what a spot index proposes, written down'],
    ],
  },
  async ({ product, file, period, confidence, window: windowDays, out, json, ...source }) => {
    const { state, history: own } = await settledCurves(await readVenue(source), product);
    const { parameters } = state;
    const history = file === undefined ? own : read(file, state);
    const rule = { ...PROPOSAL_RULE, places: parameters.listedMonths, periodDays: period, confidence, windowDays };
    const proposal = proposeMargin(history, parameters.margin, rule);
    const written = marginFile(proposal, parameters);
    const say = json ? console.error : console.log;
    say(marginLines(product, proposal, parameters).join('\n'));
    if (json) console.log(JSON.stringify({ product, proposed: written, test: proposal.test, rule }));
    if (out === undefined) say('\nNothing was written. To write the proposal down, add --out margin.json.');
    else {
      writeFileSync(out, `${JSON.stringify(written, null, 2)}\n`);
      say(`\nWritten to ${out}. To try it, and then to make it:\n  npm run parameters -- --product ${product} --file ${out}`);
    }
    return 0;
  },
);

function read(path: string, state: ProductState): SettledCurve[] {
  let csv: string;
  try {
    csv = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--file can't be read: ${(error as Error).message}`);
  }
  const name = basename(path);
  return csv.startsWith(SPOT_COLUMNS.join(','))
    ? ofSpot(csv, name, state)
    : readSettlements(csv, name, state.product, state.parameters);
}

/** A spot index says one price a day: the whole curve moves with it. */
function ofSpot(csv: string, name: string, { product, parameters }: ProductState): SettledCurve[] {
  const { listedMonths, priceDecimals } = parameters;
  const microsPerTick = 10n ** BigInt(INDEX_DECIMALS - priceDecimals);
  return [...readSpot(csv, name, product)].map(([date, value]) => {
    const price = Number(divideHalfEven(value, microsPerTick));
    const months = Array.from({ length: listedMonths }, (_, place) => monthAfter(monthOf(date), place));
    return { date, prices: new Map(months.map((month) => [month, price])) };
  });
}
