/** Kill switches: which side has stopped what, and what is left on record. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  changeStops,
  hasStops,
  isStopped,
  noStops,
  type OwnerStops,
  STOP_SIDES,
  type StopChange,
  type StopSide,
  WHOLE_OWNER,
} from '../../../lib/domain/auction/stops.ts';

const note = (by: string) => ({ by, at: '2025-10-20T14:00:00.000Z', reason: 'why' });
const change = (kind: StopChange['kind'], of: string, side: StopSide = 'participant', by = 'ann'): StopChange => ({
  of,
  side,
  kind,
  note: note(by),
});
const changed = (...changes: readonly StopChange[]): OwnerStops =>
  changes.reduce((stops, each) => changeStops(stops, each) ?? stops, noStops('acme'));

describe('an account is stopped', () => {
  it.each<[when: string, changes: StopChange[], stopped: string[]]>([
    ['by nothing at first', [], []],
    ['by its own switch alone', [change('stop', 'acme.desk')], ['acme.desk']],
    ['with all others by that of the owner', [change('stop', WHOLE_OWNER)], ['acme', 'acme.desk']],
    ['no more, once that is released', [change('stop', WHOLE_OWNER), change('release', WHOLE_OWNER)], []],
    [
      'still, where another of its switches stands',
      [change('stop', 'acme'), change('stop', WHOLE_OWNER), change('release', WHOLE_OWNER)],
      ['acme'],
    ],
    [
      "still, where the operator's stands",
      [change('stop', 'acme'), change('stop', 'acme', 'operator'), change('release', 'acme')],
      ['acme'],
    ],
    [
      "still, where the participant's stands",
      [change('stop', 'acme'), change('stop', 'acme', 'operator'), change('release', 'acme', 'operator')],
      ['acme'],
    ],
  ])('%s', (_, changes, stopped) => {
    const stops = changed(...changes);
    expect(['acme', 'acme.desk'].filter((account) => isStopped(stops, account))).toEqual(stopped);
    expect(hasStops(stops)).toBe(stopped.length > 0);
  });

  it('never by a switch of another owner, nor where none is known', () => {
    expect(isStopped(changed(change('stop', WHOLE_OWNER)), 'acme-2')).toBe(false);
    expect(isStopped(undefined, 'acme')).toBe(false);
  });
});

test('the first to stop stays on record, and so does what was released, until the switch is used again', () => {
  const stopped = changed(change('stop', 'acme', 'operator', 'olga'));
  expect(changeStops(stopped, change('stop', 'acme', 'operator', 'oscar'))).toBeUndefined();
  expect(changeStops(noStops('acme'), change('release', 'acme'))).toBeUndefined();
  const released = changeStops(stopped, change('release', 'acme', 'operator', 'oscar'))!;
  expect(released).toEqual({
    owner: 'acme',
    version: 2,
    switches: { acme: { operator: { stopped: note('olga'), released: note('oscar') } } },
  });
  expect(changeStops(released, change('stop', 'acme', 'operator', 'oscar'))?.switches.acme).toEqual({
    operator: { stopped: note('oscar'), released: null },
  });
});

test('no side releases what the other has stopped, whatever either does', () => {
  const any = fc.record({
    kind: fc.constantFrom('stop' as const, 'release' as const),
    of: fc.constantFrom('acme', 'acme.desk', WHOLE_OWNER),
    side: fc.constantFrom(...STOP_SIDES),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 30 }), (changes) => {
      const stops = changed(...changes.map(({ kind, of, side }) => change(kind, of, side)));
      const stands = (of: string, side: StopSide): boolean =>
        changes.filter((each) => each.of === of && each.side === side).at(-1)?.kind === 'stop';
      for (const account of ['acme', 'acme.desk'])
        expect(isStopped(stops, account)).toBe(STOP_SIDES.some((side) => stands(account, side) || stands(WHOLE_OWNER, side)));
    }),
  );
});
