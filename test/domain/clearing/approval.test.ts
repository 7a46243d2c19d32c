import { describe, expect, test } from 'vitest';
import {
  decideAmendment,
  decideApproval,
  type Held,
  type HeldProposal,
  heldId,
  isApproved,
  propose,
  SYSTEM,
} from '../../../lib/domain/clearing/approval.ts';
import { ticks } from '../../../lib/domain/contract/units.ts';
import { month, on, PRODUCT } from '../../venue/h100.ts';

const DAY = on('2025-10-31');
const [OCT, NOV] = [month('2025-10'), month('2025-11')];
const final = (price: number): HeldProposal => ({ kind: 'final-price', month: OCT, price: ticks(price) });
const held = (change: Partial<Held> = {}): Held => ({
  ...propose(PRODUCT, DAY, final(2400), [{ reason: 'index-stale', detail: 'x' }], SYSTEM),
  ...change,
});
const changed = (change: Partial<Held>) => ({ kind: 'changed', held: held(change) });
const refused = (why: string) => ({ kind: 'refused', why });
const REPEATED = { kind: 'repeated' };

test.each([
  ['what the system proposes begins without an approval', SYSTEM, []],
  ['an operator who proposes has approved with it', 'olga', ['olga']],
])('%s, at revision 1, under a name of its own for the day', (_, by, approvals) => {
  const begun = propose(PRODUCT, DAY, final(2400), [], by);
  expect(begun).toMatchObject({ id: 'final-price.H100-SXM.2025-10-31', proposedBy: by, approvals, revision: 1 });
  expect(begun.id).toBe(heldId('final-price', PRODUCT, DAY));
});

test.each<[string, string[], boolean]>([
  ['no operator has agreed', [], false],
  ['one operator has agreed', ['olga'], false],
  ['the same operator is named twice', ['olga', 'olga'], false],
  ['two operators have agreed', ['olga', 'omar'], true],
])('when %s it is approved: %#', (_, approvals, approved) => {
  expect(isApproved(held({ approvals }))).toBe(approved);
});

describe('an approval', () => {
  const APPROVED: Partial<Held> = { approvals: ['olga', 'omar'], revision: 3 };
  test.each<[rule: string, given: Partial<Held>, operator: string, revision: number, then: object]>([
    ['is the first of two', {}, 'olga', 1, changed({ approvals: ['olga'], revision: 2 })],
    ['is the second', { approvals: ['olga'], revision: 2 }, 'omar', 2, changed(APPROVED)],
    [
      'of the operator who has agreed already does not count',
      { approvals: ['olga'], revision: 2 },
      'olga',
      2,
      refused('second-operator-needed'),
    ],
    ['does not reach a value that came later', { revision: 2 }, 'olga', 1, refused('version-conflict')],
    ['does not reach ahead of what was read', {}, 'olga', 2, refused('version-conflict')],
    ['that comes again from one of the two changes nothing', APPROVED, 'olga', 1, REPEATED],
    ['that comes again at the last revision changes nothing', APPROVED, 'oscar', 3, REPEATED],
    ['of what two others have approved meanwhile is told so', APPROVED, 'oscar', 2, refused('version-conflict')],
  ])('%s', (_, given, operator, revision, then) => {
    expect(decideApproval(held(given), operator, revision)).toEqual(then);
  });
});

describe('an amendment', () => {
  const AMENDED: Partial<Held> = { proposal: final(2410), proposedBy: 'olga', approvals: ['olga'], revision: 2 };
  test.each<[rule: string, given: Partial<Held>, operator: string, revision: number, then: object]>([
    ['takes the place of what was held and counts as its first approval', {}, 'olga', 1, changed(AMENDED)],
    ['makes approvals of the old value void', { approvals: ['omar'] }, 'olga', 1, changed(AMENDED)],
    ['that comes again changes nothing', AMENDED, 'olga', 1, REPEATED],
    ['is not a repeat of another operator’s', { ...AMENDED, proposedBy: 'omar' }, 'olga', 1, refused('version-conflict')],
    ['is not a repeat of another value', { ...AMENDED, proposal: final(2411) }, 'olga', 1, refused('version-conflict')],
    ['does not reach a value that came later', { revision: 2 }, 'olga', 1, refused('version-conflict')],
    [
      'comes too late when two have agreed',
      { approvals: ['olga', 'omar'], revision: 3 },
      'oscar',
      3,
      refused('already-approved'),
    ],
  ])('%s', (_, given, operator, revision, then) => {
    expect(decideAmendment(held(given), operator, revision, final(2410))).toEqual(then);
  });

  const curve = (nov: number): HeldProposal => ({ kind: 'settlement', curve: { [OCT]: ticks(2400), [NOV]: ticks(nov) } });
  const index = (micros: string): HeldProposal => ({ kind: 'index', micros });
  test.each<[string, HeldProposal, HeldProposal]>([
    ['a settlement', curve(2410), curve(2411)],
    ['a final price', final(2410), final(2411)],
    ['a final price of another month', final(2410), { kind: 'final-price', month: NOV, price: ticks(2410) }],
    ['an index value', index('2410000'), index('2410001')],
    ['a settlement of more months', { kind: 'settlement', curve: { [OCT]: ticks(2400) } }, curve(2410)],
    ['another kind', final(2410), index('2410')],
    ['another kind still', index('2410'), curve(2410)],
    ['a kind that is none of those', curve(2410), final(2410)],
  ])('of %s is a repeat only of the same', (_, proposal, other) => {
    const given = held({ proposal, proposedBy: 'olga', approvals: ['olga'], revision: 2 });
    expect(decideAmendment(given, 'olga', 1, proposal)).toEqual(REPEATED);
    expect(decideAmendment(given, 'olga', 1, other)).toEqual(refused('version-conflict'));
  });
});
