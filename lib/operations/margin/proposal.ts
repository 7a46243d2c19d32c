/**
 * Margin proposed from history: scenarios that cover what prices have done, beside those in force, and how such proposals would
 * have done on every day of that history. What comes out is what `npm run parameters` takes.
 */
import { formatPrice, type ProductParameters } from '../../domain/contract/product.ts';
import type { MarginParameters } from '../../domain/contract/risk-parameters.ts';
import { ticks } from '../../domain/contract/units.ts';
import { type WrittenRisk, writtenRisk } from '../../domain/contract/written-risk.ts';
import {
  type Backtest,
  type Breaches,
  backtest,
  type Coverage,
  coverageIn,
  coverageOf,
  type ProposalRule,
  proposedCoverage,
  type SettledCurve,
  scenariosOf,
} from '../../domain/risk/scenario-proposal.ts';
import { OperationsError } from '../error.ts';

export interface MarginProposal {
  readonly history: readonly SettledCurve[];
  readonly rule: ProposalRule;
  /** What is in force; `undefined` when that covers nothing. */
  readonly from: Coverage | undefined;
  /** What history says, without buffer and brake. */
  readonly bare: Coverage;
  readonly to: Coverage;
  readonly margin: MarginParameters;
  readonly test: Backtest;
}

/** `now` is what the product has; add-ons stay as they are. Throws OperationsError when the history is too short. */
export function proposeMargin(history: readonly SettledCurve[], now: MarginParameters, rule: ProposalRule): MarginProposal {
  const from = coverageIn(now.scenarios, rule.places);
  const bare = coverageOf(history, rule);
  const to = proposedCoverage(bare, from, rule);
  return { history, rule, from, bare, to, margin: { ...now, scenarios: scenariosOf(to) }, test: tested(history, rule) };
}

function tested(history: readonly SettledCurve[], rule: ProposalRule): Backtest {
  try {
    return backtest(history, rule);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new OperationsError(`The history is too short: ${error.message}`, 'Name a file with a longer one, or wait.');
  }
}

/** The file that `npm run parameters` takes. */
export const marginFile = ({ margin }: MarginProposal, parameters: ProductParameters): Pick<WrittenRisk, 'margin'> => ({
  margin: writtenRisk({ ...parameters, margin }, parameters).margin,
});

/** As it is shown before it is written. */
export function marginLines(product: string, proposal: MarginProposal, parameters: ProductParameters): string[] {
  const { history, rule, from, bare, to, test } = proposal;
  const usd = (amount: number): string => formatPrice(ticks(amount), parameters);
  const [first, last] = [history[0]!.date, history.at(-1)!.date];
  const rows = to.level.map((level, place) => [
    place === 0 ? 'first month' : `${place} behind it`,
    from ? usd(from.level[place]!) : 'nothing',
    usd(bare.level[place]!),
    usd(level),
    place === 0 ? '' : usd(to.apart[place - 1]!),
  ]);
  const table = [['place', 'in force', 'history', 'proposed', 'apart from those before'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return [
    `${product}: ${history.length} settlements from ${first} to ${last}`,
    `moves over ${rule.periodDays} business days, ${percent(rule.confidence)} of them covered, of the newest ${rule.windowDays} and of all`,
    `buffer ${rule.bufferPercent}%, drawn on before anything rises; a rise of ${rule.risePercentMax}% a day at most`,
    '',
    ...table.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd()),
    '',
    `How it would have done, proposed anew on each of ${test.days} days:`,
    `  outright  ${breachText(test.outright, usd)}`,
    `  spread    ${breachText(test.spread, usd)}`,
    `  the most that a requirement rose in a day: ${test.rise_percent.toFixed(1)}%`,
  ];
}

/** Of a hundred thousand. */
const percent = (share: number): string => `${(share / 1000).toFixed(1)}%`;

const breachText = ({ compared, breaches, worst }: Breaches, usd: (amount: number) => string): string =>
  breaches === 0
    ? `no loss beyond the requirement, of ${compared}`
    : `${breaches} of ${compared} losses beyond the requirement, the worst by ${usd(worst)} a GPU-hour`;
