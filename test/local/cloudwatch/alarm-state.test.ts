/** What state data points put an alarm in: CloudWatch's own tables, and the cases between them. */
import { describe, expect, test } from 'vitest';
import {
  type AlarmState,
  evaluationRange,
  type Judgement,
  type MissingData,
  stateOf,
} from '../../../lib/local/cloudwatch/alarm-state.ts';

/** `0` within the threshold, `X` breaching, `-` missing; the newest last. */
const points = (text: string): (number | undefined)[] =>
  text.split(' ').map((point) => (point === '-' ? undefined : point === 'X' ? 1 : 0));
const rule = (datapointsToAlarm: number, evaluationPeriods: number): Judgement => ({
  evaluationPeriods,
  datapointsToAlarm,
  breaches: (value) => value > 0,
});
const KINDS: readonly MissingData[] = ['missing', 'ignore', 'breaching', 'notBreaching'];
const KEPT = 'kept';
type Row = [text: string, ...states: (AlarmState | typeof KEPT)[]];

/** One row a pattern: the state for each of KINDS; what is kept is kept whatever it is. */
function follow([text, ...states]: Row, judgement: Judgement): void {
  expect(points(text)).toHaveLength(evaluationRange(judgement.evaluationPeriods));
  for (const [i, kind] of KINDS.entries())
    for (const current of ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const) {
      const wanted = states[i] === KEPT ? current : states[i];
      expect(`${kind}, ${current} -> ${stateOf(points(text), judgement, kind, current)}`).toBe(
        `${kind}, ${current} -> ${wanted}`,
      );
    }
}

describe('three of three, in the range of five that the documentation shows', () => {
  test.each<Row>([
    ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
    ['0 - - - -', 'OK', 'OK', 'OK', 'OK'],
    ['- - - - -', 'INSUFFICIENT_DATA', KEPT, 'ALARM', 'OK'],
    ['0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
    ['- - X - -', 'ALARM', KEPT, 'ALARM', 'OK'],
    // Too new to make an alarm by itself: the next may be good.
    ['- - - - X', 'INSUFFICIENT_DATA', KEPT, 'ALARM', 'OK'],
    ['- - - X -', 'INSUFFICIENT_DATA', KEPT, 'ALARM', 'OK'],
    ['X - - - -', 'ALARM', KEPT, 'ALARM', 'OK'],
  ])('%s', (...row) => follow(row, rule(3, 3)));
});

describe('two of three', () => {
  test.each<Row>([
    ['0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
    ['0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
    ['0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
    ['- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
    ['- - - X -', 'ALARM', KEPT, 'ALARM', 'OK'],
    // Enough real ones breach, whatever the third would have been.
    ['- X - X -', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
    ['X X 0 0 0', 'OK', 'OK', 'OK', 'OK'],
  ])('%s', (...row) => follow(row, rule(2, 3)));
});

describe('one of one', () => {
  test.each<Row>([
    ['0 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
    ['X X 0', 'OK', 'OK', 'OK', 'OK'],
    // The newest real point stands until it leaves the range, also for an alarm that takes silence for good.
    ['X - -', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
    ['- - -', 'INSUFFICIENT_DATA', KEPT, 'ALARM', 'OK'],
  ])('%s', (...row) => follow(row, rule(1, 1)));
});
