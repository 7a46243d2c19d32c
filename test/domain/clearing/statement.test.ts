import { expect, test } from 'vitest';
import { type AccountState, type DayTotals, emptyAccount } from '../../../lib/domain/clearing/account.ts';
import { statementOf } from '../../../lib/domain/clearing/statement.ts';
import { cents, type Lots, lots } from '../../../lib/domain/contract/units.ts';
import { month, on, PRODUCT } from '../../venue/h100.ts';

const [DEC, MONDAY, TUESDAY] = [month('2025-12'), on('2025-10-20'), on('2025-10-21')];
const moved: DayTotals = { date: MONDAY, variation: cents(-500n), rolledLots: lots(-3), rollCost: cents(70n) };
/** Closed by event 9, behind those of the books before, which event 4 closed. */
const closing = (date = MONDAY, product = PRODUCT) => ({ product, date, after: 4 });
const MARGIN = { requirement: cents(700n), cover: cents(12_345n) };
const holding = (held: Record<number, Lots>, day?: DayTotals): AccountState => ({
  ...emptyAccount('ann'),
  cash: cents(12_345n),
  deposited: cents(20_000n),
  depositedBy: 4,
  products: { [PRODUCT]: { lots: held, ...(day ? { day } : {}) } },
});

test('a statement shows the cash, the positions and what its own day moved', () => {
  expect(statementOf(holding({ [DEC]: lots(-5) }, moved), 9, closing(), MARGIN)).toEqual({
    account: 'ann',
    product: PRODUCT,
    date: MONDAY,
    after: 4,
    through: 9,
    balance: 12_345n,
    deposited: 20_000n,
    variation: -500n,
    rolledLots: -3,
    rollCost: 70n,
    positions: { [DEC]: -5 },
    requirement: 700n,
    cover: 12_345n,
  });
});

test('what another day moved is not in it', () => {
  const quiet = { variation: 0n, rolledLots: 0, rollCost: 0n, positions: { [DEC]: 5 } };
  expect(statementOf(holding({ [DEC]: lots(5) }, moved), 9, closing(TUESDAY), MARGIN)).toMatchObject(quiet);
  expect(statementOf(holding({ [DEC]: lots(5) }), 9, closing(), MARGIN)).toMatchObject(quiet);
});

test('an account that sold out gets one for the day on which it did, and none for a day after it', () => {
  expect(statementOf(holding({}, moved), 9, closing(), MARGIN)).toMatchObject({ variation: -500n, positions: {} });
  expect(statementOf(holding({}, moved), 9, closing(TUESDAY), MARGIN)).toBeUndefined();
});

test('an account that never held the product gets none', () => {
  expect(statementOf(emptyAccount('ann'), 9, closing(), MARGIN)).toBeUndefined();
  expect(statementOf(holding({ [DEC]: lots(5) }, moved), 9, closing(MONDAY, 'B200'), MARGIN)).toBeUndefined();
});

test('an account that only moved cash since the books were closed before gets one, and none for the next day', () => {
  const deposited = { ...emptyAccount('ann'), cash: cents(500n), deposited: cents(500n), depositedBy: 5 };
  expect(statementOf(deposited, 9, closing(), MARGIN)).toMatchObject({
    balance: 500n,
    deposited: 500n,
    variation: 0n,
    positions: {},
  });
  expect(statementOf(deposited, 14, { ...closing(TUESDAY), after: 9 }, MARGIN)).toBeUndefined();
});
