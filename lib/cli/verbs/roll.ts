/** The roll: whether and how a position in the near month goes on into the next, what would roll when, and what it has cost. */
import type { Answered } from '../session/connection.ts';
import { verbOf } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { text } from '../terminal/options.ts';
import { fieldLines, figure, type Paint, tableLines, word } from '../terminal/table.ts';
import { PRODUCT } from './lists.ts';

const ACTS = ['show', 'on', 'off', 'plan'] as const;

type Roll = Answered<'showRoll'>;
type Window = Roll['windows'][number];
type Day = Window['days'][number];

export const roll = verbOf({
  name: 'roll',
  does: 'shows whether your near-month position rolls forward and what rolls when, or switches it on or off',
  about: `In the roll window, a fifth of the position a day is sold in the near month and bought in the next by one spread order in the closing auction, which trades against all
others. Without --limit it rolls at the market, within the product's band around the last settled spread. What does not fill is due again the next day.`,
  operands: [{ form: '[act]', says: 'what to do; show unless given', choices: ACTS }],
  options: { limit: text('--limit <difference>', 'far price minus near price at most, of any sign'), product: PRODUCT },
  examples: [
    ['', 'the instruction, and what has rolled'],
    ['on', 'at the market'],
    ['on --limit 0.015', 'at a limit'],
    ['plan', 'day by day: what is due, what rolled, at which price and cost'],
    ['off', 'what is in the near month stays there'],
  ],
  async run(context, { limit, product: named }, [act = 'show']) {
    const { out } = context;
    if (limit !== undefined && act !== 'on') throw new Failure('usage', '--limit is for: roll on');
    const client = await context.client();
    const product = await context.product(named);
    if (act === 'off') {
      await client.removeRollInstruction({ params: { product } });
      return out.result({ product, instruction: null }, [`Positions in ${product} stay in their month.`]);
    }
    if (act === 'on') {
      const body = limit === undefined ? ({ at: 'market' } as const) : ({ at: 'limit', limit } as const);
      const instruction = await client.putRollInstruction({ params: { product }, body });
      return out.result({ product, instruction }, [`Positions in ${product} roll ${howOf(instruction)}.`]);
    }
    const shown = await client.showRoll({ params: { product } });
    out.result(shown, [
      shown.instruction === null
        ? `Positions in ${product} do not roll. compute-exchange roll on switches it on.`
        : `Positions in ${product} roll ${howOf(shown.instruction)}.`,
      ...shown.windows.flatMap((window) => ['', ...(act === 'plan' ? planLines : windowLines)(window, out.paint)]),
    ]);
  },
});

const howOf = (instruction: NonNullable<Roll['instruction']>): string =>
  instruction.at === 'limit' ? `at ${instruction.limit} or better, far minus near` : 'at the market';

function windowLines({ near, next, held, rolled, left, cost, days }: Window, paint: Paint): string[] {
  return fieldLines(
    [
      ['window', `${near} into ${next}, ${days[0]?.date} to ${days.at(-1)?.date}`],
      ['held at its opening lots', held],
      ['rolled lots', rolled],
      ['left lots', left],
      ['cost USD', cost],
    ],
    paint,
  );
}

const planLines = (window: Window, paint: Paint): string[] => [
  `${window.near} into ${window.next}, ${window.left} lots left`,
  ...tableLines(
    [
      word<Day>('date', ({ date }) => date),
      figure<Day>('due lots', ({ due }) => due),
      figure<Day>('rolled lots', ({ rolled }) => rolled),
      figure<Day>('next less near USD', ({ price }) => price),
      figure<Day>('cost USD', ({ cost }) => cost),
    ],
    window.days,
    paint,
  ),
];
