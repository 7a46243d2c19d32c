/** Books read into columns from their bytes are the books that the fold of each account gives, order by order. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { BookOrder } from '../../lib/domain/auction/book.ts';
import { orderAt } from '../../lib/domain/auction/book-columns.ts';
import { type DecidedSubmission, openOrders, sendersOf } from '../../lib/domain/auction/open-orders.ts';
import {
  applySubmission,
  INSTRUCTION_KINDS,
  type Instruction,
  type Order,
  OUTCOMES,
  type Outcome,
} from '../../lib/domain/auction/orders.ts';
import { ticks } from '../../lib/domain/contract/units.ts';
import { PackingError } from '../../lib/store/packed-bytes.ts';
import { packInstructions, packOrders, packOutcomes } from '../../lib/store/packing.ts';
import { StoredBook } from '../../lib/store/stored-book.ts';
import { month } from '../venue/h100.ts';
import { buy, cancel, order, replace } from '../venue/orders.ts';

const [NOV, DEC] = [month('2025-11'), month('2025-12')];

interface Sent extends DecidedSubmission {
  readonly sender: string;
  readonly account: string;
}
interface Account {
  readonly account: string;
  readonly carried: readonly BookOrder[];
  readonly sent: readonly Sent[];
  readonly rolls: readonly BookOrder[];
}

/** The same book by the fold alone, in rows. */
function byFold(accounts: readonly Account[]): BookOrder[] {
  return accounts
    .flatMap(({ account, carried, sent, rolls }) => {
      const senders = sendersOf(carried, sent);
      return [
        ...[...openOrders(carried, [sent]).orders.values()].map(
          (open): BookOrder => ({ ...open, account, sender: senders.get(open)!, rolls: false, partlyFilled: false }),
        ),
        ...rolls,
      ];
    })
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
const key = ({ account, clientOrderId }: BookOrder): string => `${account} ${clientOrderId}`;

function stored(accounts: readonly Account[]): StoredBook {
  const book = new StoredBook();
  book.addCarried(
    packOrders(accounts.flatMap(({ carried }) => carried)).subarray(countBytes(accounts.flatMap((each) => each.carried))),
  );
  for (const { account, sent } of accounts)
    for (const submission of sent.toSorted((a, b) => (a.key < b.key ? -1 : 1)))
      book.addSubmission({
        name: `${account}#${submission.key}`,
        sequence: submission.sequence,
        sender: submission.sender,
        instructions: packInstructions(submission.instructions),
        outcomes: packOutcomes(submission.outcomes),
      });
  for (const { rolls } of accounts) if (rolls.length) book.addRolls(packOrders(rolls));
  return book;
}
/** What packed rows begin with: their version and number. */
const countBytes = (rows: readonly unknown[]): number => (rows.length < 128 ? 2 : 3);

function byColumns(accounts: readonly Account[]): BookOrder[] {
  const columns = stored(accounts).columns();
  return columns.accounts.flatMap((account, at) =>
    Array.from({ length: columns.firstRow[at + 1]! - columns.firstRow[at]! }, (_, row) =>
      orderAt(columns, account, columns.firstRow[at]! + row),
    ),
  );
}

const NAMES = ['a', 'b', 'c', 'aa', 'order-1', 'order-2', 'order-10', 'é'];
const name = fc.constantFrom(...NAMES);
const terms = fc.record({
  clientOrderId: name,
  spread: fc.boolean(),
  limit: fc.integer({ min: -300, max: 300 }),
  size: fc.integer({ min: 1, max: 300 }),
  time: fc.constantFrom('auction' as const, 'day' as const, 'gtc' as const),
});
const orders: fc.Arbitrary<Order> = terms.map(({ clientOrderId, spread, limit, size, time }) =>
  order(clientOrderId, NOV, spread ? DEC : 0, limit, size, time),
);
const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  { weight: 4, arbitrary: orders.map((each): Instruction => ({ kind: 'new', order: each })) },
  { weight: 1, arbitrary: name.map((clientOrderId): Instruction => ({ kind: 'cancel', clientOrderId })) },
  {
    weight: 1,
    arbitrary: fc.tuple(name, orders).map(([replaces, each]): Instruction => ({ kind: 'replace', replaces, order: each })),
  },
  { weight: 1, arbitrary: fc.constant<Instruction>({ kind: 'cancel-all' }) },
);
/** As long as a subject may be, too: its length is two bytes then. */
const sender = fc.constantFrom('a', 'desk 7', 'desk 8', 'x'.repeat(127), 'x'.repeat(128), 'y'.repeat(255));
const uniquely = (of: fc.Arbitrary<Order>) =>
  fc.uniqueArray(of, { selector: ({ clientOrderId }) => clientOrderId, maxLength: 5 });

/** What accept made of it; or anything at all, which no accept has made and a fold must still take in one way. */
const account = (called: string): fc.Arbitrary<Account> =>
  fc
    .record({
      carried: uniquely(orders),
      partly: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      sent: fc.array(fc.tuple(fc.array(instruction, { maxLength: 6 }), fc.nat(10 ** 6), sender), { maxLength: 4 }),
      senders: fc.array(sender, { minLength: 5, maxLength: 5 }),
      chance: fc.option(fc.array(fc.constantFrom<Outcome>(...OUTCOMES), { minLength: 6, maxLength: 6 })),
      exposed: fc.subarray(NAMES),
      rolls: fc.boolean(),
    })
    .map(({ carried, partly, sent, senders, chance, exposed, rolls }) => {
      const left = carried
        .map(
          (each, at): BookOrder => ({ ...each, account: called, sender: senders[at]!, rolls: false, partlyFilled: partly[at]! }),
        )
        .sort((a, b) => (a.clientOrderId < b.clientOrderId ? -1 : 1));
      const live = new Map<string, Order>(left.map((each) => [each.clientOrderId, each]));
      const names = new Set(exposed);
      const decided = sent.map(([instructions, tail, sentBy], at): Sent => {
        const listed = { listed: new Set([NOV, DEC]), liveOrdersMax: 8, cancelsOnly: false };
        const outcomes = chance?.slice(0, instructions.length) ?? applySubmission(live, instructions, listed, names);
        // Keys are in another order than arrival, and sequence numbers grow by a digit.
        return {
          account: called,
          sender: sentBy,
          key: `key-${String(tail).padStart(7, '0')}-${at}`,
          sequence: `${at + 8}`,
          instructions,
          outcomes,
        };
      });
      const roll: BookOrder = {
        ...order('roll/x', DEC, NOV, 10, 4),
        account: called,
        sender: 'desk-7',
        rolls: true,
        partlyFilled: false,
      };
      return { account: called, carried: left, sent: decided, rolls: rolls ? [roll] : [] };
    });

test('any accounts, with whatever they sent and whatever accept made of it, come to the orders of the fold', () => {
  fc.assert(
    fc.property(fc.tuple(account('ann'), account('ann-2'), account('bob.x')), (accounts) => {
      const inOrder = (rows: readonly BookOrder[]): BookOrder[] =>
        rows.toSorted((a, b) => (Buffer.from(key(a)).compare(Buffer.from(key(b))) < 0 ? -1 : 1));
      expect(byColumns(accounts)).toEqual(inOrder(byFold(accounts)));
    }),
    { numRuns: 1_000 },
  );
});

test('accounts whose shards were read one after the other stand in order all the same', () => {
  const sent = (called: string): Account => ({
    account: called,
    carried: [],
    sent: [
      {
        account: called,
        sender: 'desk-7',
        key: 'k',
        sequence: '1',
        instructions: [buy('a', NOV, 2400, 1)],
        outcomes: ['accepted'],
      },
    ],
    rolls: [],
  });
  const mixed = ['zoe', 'ann', 'bob.2', 'bob'].map(sent);
  expect(byColumns(mixed).map(({ account: called }) => called)).toEqual(['ann', 'bob', 'bob.2', 'zoe']);
});

test('ten thousand names of one account, in no order, alike in all but their last letters, are put in order', () => {
  const names = Array.from({ length: 10_000 }, (_, at) => `${at % 3 ? 'order-number-' : ''}${(at * 7919) % 10_007}`);
  const instructions = names.map((each) => buy(each, NOV, 2400, 1));
  const one: Account = {
    account: 'ann',
    carried: [],
    sent: [{ account: 'ann', sender: 'desk-7', key: 'k', sequence: '1', instructions, outcomes: names.map(() => 'accepted') }],
    rolls: [],
  };
  expect(byColumns([one]).map(({ clientOrderId }) => clientOrderId)).toEqual(names.toSorted());
});

describe('bytes that no code here has written are refused', () => {
  const good = { name: 'ann#k', sequence: '1', sender: 'desk-7', outcomes: packOutcomes(['accepted']) };
  const instructions = packInstructions([replace('a', buy('b', NOV, 2400, 1))]);
  const read = (changed: Partial<Record<'instructions' | 'outcomes', Uint8Array>>) => () => {
    const book = new StoredBook();
    book.addSubmission({ ...good, instructions, ...changed });
    return book.columns();
  };

  it.each<[what: string, changed: Partial<Record<'instructions' | 'outcomes', Uint8Array>>]>([
    ['of another version', { instructions: Uint8Array.from([2, ...instructions.subarray(1)]) }],
    ['that end early', { instructions: instructions.subarray(0, -1) }],
    ['that go on', { instructions: Uint8Array.from([...instructions, 0]) }],
    [
      'with a kind of instruction that is not known',
      { instructions: packInstructions([cancel('a')]).with(2, INSTRUCTION_KINDS.length) },
    ],
    ['with an outcome that is not known', { outcomes: Uint8Array.from([1, 1, OUTCOMES.length]) }],
    ['with a time in force that is not known', { instructions: instructions.with(instructions.length - 1, 3) }],
    ['of an order of more lots than a column holds', { instructions: packInstructions([buy('b', NOV, 2400, 2 ** 31)]) }],
    ['of an order at a limit that no column holds', { instructions: packInstructions([buy('b', NOV, ticks(2 ** 31), 1)]) }],
  ])('%s', (_, changed) => {
    expect(read({})).not.toThrow();
    expect(read(changed)).toThrow(PackingError);
  });

  it('roll orders that are more than they say', () => {
    const roll: BookOrder = {
      ...order('roll/x', DEC, NOV, 10, 4),
      account: 'ann',
      sender: 'desk-7',
      rolls: true,
      partlyFilled: false,
    };
    expect(() => new StoredBook().addRolls(packOrders([roll]).with(1, 2))).toThrow(PackingError);
  });

  it('two orders of one name', () => {
    const roll: BookOrder = {
      ...order('a', DEC, NOV, 10, 4),
      account: 'ann',
      sender: 'desk-7',
      rolls: true,
      partlyFilled: false,
    };
    const book = new StoredBook();
    book.addSubmission({ ...good, instructions: packInstructions([buy('a', NOV, 2400, 1)]) });
    book.addRolls(packOrders([roll]));
    expect(() => book.columns()).toThrow('two orders of one name');
  });
});
