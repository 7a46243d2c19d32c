/** A change as it is shown before it is made: which parameters, and what they would have made of the last trading day. */
import { formatPrice } from '../../domain/contract/product.ts';
import type { Ticks } from '../../domain/contract/units.ts';
import type { Proposal } from './proposal.ts';
import type { DryRun, Sides } from './trial.ts';

const COLUMNS = ['contract', 'price', 'volume', 'settles', 'held'] as const;

export function changeLines({ product, version, from, to, parameters }: Proposal, run: DryRun | undefined): string[] {
  const names = Object.keys(from) as (keyof typeof from)[];
  const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  const changed = names.filter((name) => shown(from[name]) !== shown(to[name]));
  const price = (value: Ticks): string => formatPrice(value, parameters);
  return [
    `${product}, version ${version} to ${version + 1}`,
    ...(changed.length ? changed.map((name) => `  ${name}  ${shown(from[name])} -> ${shown(to[name])}`) : ['  nothing changes']),
    ...(changed.includes('dayRunTime')
      ? ['  The schedule of the day run is in lib/infra/deployment.ts: deploy it with the same time.']
      : []),
    '',
    ...(run ? dayLines(run, price) : ['It has not closed a day yet, so there is none to try this on.']),
  ];
}

function dayLines({ date, months, rolled, holds }: DryRun, price: (value: Ticks) => string): string[] {
  const rows = months.map(({ contract, ...month }) => [
    contract,
    sides(month.price, price),
    sides(month.volume, String),
    sides(month.settles, price),
    sides(month.held, (held) => (held ? 'held' : 'no')),
  ]);
  const table = [[...COLUMNS], ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const [before, after] = holds;
  const details = (side: typeof before) => new Set(side.map(({ reason, detail }) => `${reason}: ${detail}`));
  const [had, has] = [details(before), details(after)];
  return [
    `${date} again, with the closing auction cleared from its book (then -> with the change):`,
    ...table.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd()),
    `  lots rolled: ${sides(rolled, String)}`,
    ...[...has].filter((hold) => !had.has(hold)).map((hold) => `  would be held: ${hold}`),
    ...[...had].filter((hold) => !has.has(hold)).map((hold) => `  would not be held any more: ${hold}`),
  ];
}

const sides = <T>([then, now]: Sides<T>, show: (value: T) => string): string =>
  show(then) === show(now) ? show(then) : `${show(then)} -> ${show(now)}`;
