/** What was measured, as lines to read. */
import type { Figures, Measured } from './measure.ts';

const REPLACEMENT_SHOWN_MAX = 80;

export function figureLines({ rules, listed }: Measured): string[] {
  return [
    ...table('rules, by Stryker', rules),
    ...rules.survivors.map(
      ({ file, line, column, kind, replacement }) =>
        `survived  ${file}:${line}:${column} ${kind}: ${replacement.replace(/\s+/g, ' ').slice(0, REPLACEMENT_SHOWN_MAX)}`,
    ),
    ...table('workers and store, listed', listed),
    ...listed.results
      .filter(({ outcome }) => outcome === 'survived')
      .map(({ file, name, wrong }) => `survived  ${file} ${name}: ${wrong}`),
  ];
}

function table(title: string, { figures, byFile }: Pick<Measured['rules'], 'figures' | 'byFile'>): string[] {
  if (figures.mutants === 0) return [];
  const columns = (name: string, values: readonly (string | number)[]): string =>
    [name.padEnd(42), ...values.map((value) => `${value}`.padStart(8))].join(' ');
  const row = (name: string, { mutants, killed, hung, survived, score }: Figures): string =>
    columns(name, [mutants, killed, hung, survived, `${score.toFixed(1)}%`]);
  return [
    '',
    columns(title, ['mutants', 'killed', 'hung', 'survived', 'score']),
    ...Object.entries(byFile).map(([file, own]) => row(file, own)),
    row('together', figures),
  ];
}
