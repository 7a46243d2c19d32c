/** The roll: whether and how a position in the near month goes on into the next. */
import { verbOf } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { text } from '../terminal/options.ts';
import { figure, word } from '../terminal/table.ts';
import { PRODUCT } from './lists.ts';

const ACTS = ['show', 'on', 'off'] as const;

const roll = verbOf({
  name: 'roll',
  does: 'shows whether your near-month position rolls forward, or switches that on or off',
  about: `In the roll window, a fifth of the position a day is sold in the near month and bought in the next by one spread order in the closing auction, which trades against all
others. Without --limit it rolls at the market, within the product's band around the last settled spread. What does not fill is due again the next day.`,
  operands: [{ form: '[act]', says: 'what to do; show unless given', choices: ACTS }],
  options: { limit: text('--limit <difference>', 'far price minus near price at most, of any sign'), product: PRODUCT },
  examples: [
    ['', 'the instructions that stand'],
    ['on', 'at the market'],
    ['on --limit 0.015', 'at a limit'],
    ['off', 'what is in the near month stays there'],
  ],
  async run(context, { limit, product: named }, [act = 'show']) {
    const { out } = context;
    const client = await context.client();
    if (limit !== undefined && act !== 'on') throw new Failure('usage', '--limit is for: roll on');
    if (act === 'show') {
      const { items } = await client.listRollInstructions();
      type Instruction = (typeof items)[number];
      return out.list(
        [items],
        [
          word<Instruction>('product', ({ product }) => product),
          word<Instruction>('at', ({ at }) => at),
          figure<Instruction>('far minus near USD', (each) => (each.at === 'limit' ? each.limit : null)),
        ],
        { empty: 'Nothing rolls. compute-exchange roll on switches it on.' },
      );
    }
    const product = await context.product(named);
    if (act === 'off') {
      await client.removeRollInstruction({ params: { product } });
      return out.result({ product, at: null }, [`Positions in ${product} stay in their month.`]);
    }
    const body = limit === undefined ? ({ at: 'market' } as const) : ({ at: 'limit', limit } as const);
    const stands = await client.putRollInstruction({ params: { product }, body });
    const how = stands.at === 'limit' ? `at ${stands.limit} or better, far minus near` : 'at the market';
    return out.result(stands, [`Positions in ${product} roll ${how}.`]);
  },
});

export const ROLL = [roll];
