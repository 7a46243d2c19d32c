import { expect, test } from 'vitest';
import { type AccountState, type DayTotals, emptyAccount } from '../../../lib/domain/clearing/account.ts';
import { statementOf } from '../../../lib/domain/clearing/statement.ts';
import { cents, type Lots, lots } from '../../../lib/domain/contract/units.ts';
import { month, on, PRODUCT } from '../../venue/h100.ts';

const [DEC, MONDAY, TUESDAY] = [month('2025-12'), on('2025-10-20'), on('2025-10-21')];
const moved: DayTotals = { date: MONDAY, variation: cents(-500n), rolledLots: lots(-3), rollCost: cents(70n) };
const holding = (held: Record<number, Lots>, day?: DayTotals): AccountState => ({
  ...emptyAccount('ann'),
  cash: cents(12_345n),
  products: { [PRODUCT]: { lots: held, ...(day ? { day } : {}) } },
});

test('a statement shows the cash, the positions and what its own day moved', () => {
  expect(statementOf(holding({ [DEC]: lots(-5) }, moved), PRODUCT, MONDAY)).toEqual({
    account: 'ann',
    product: PRODUCT,
    date: MONDAY,
    balance: 12_345n,
    variation: -500n,
    rolledLots: -3,
    rollCost: 70n,
    positions: { [DEC]: -5 },
  });
});

test('what another day moved is not in it', () => {
  const quiet = { variation: 0n, rolledLots: 0, rollCost: 0n, positions: { [DEC]: 5 } };
  expect(statementOf(holding({ [DEC]: lots(5) }, moved), PRODUCT, TUESDAY)).toMatchObject(quiet);
  expect(statementOf(holding({ [DEC]: lots(5) }), PRODUCT, MONDAY)).toMatchObject(quiet);
});

test('an account that sold out gets one for the day on which it did, and none for a day after it', () => {
  expect(statementOf(holding({}, moved), PRODUCT, MONDAY)).toMatchObject({ variation: -500n, positions: {} });
  expect(statementOf(holding({}, moved), PRODUCT, TUESDAY)).toBeUndefined();
});

test('an account that never held the product gets none', () => {
  expect(statementOf(emptyAccount('ann'), PRODUCT, MONDAY)).toBeUndefined();
  expect(statementOf(holding({ [DEC]: lots(5) }, moved), 'B200', MONDAY)).toBeUndefined();
});
