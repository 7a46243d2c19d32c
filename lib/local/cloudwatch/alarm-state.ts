/**
 * In what state data points put an alarm: M of the N newest must breach, and where points are missing the alarm's own rule
 * fills in for them, as seldom as possible. CloudWatch looks further back than N periods for real points before it fills
 * any in; how far is not published, but for the worked examples of its documentation, which look back N + 2.
 *
 * Source: Amazon CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data", both tables, and "Avoiding
 * premature transitions to alarm state". The premature rule as it is worded there contradicts the third row of the second
 * table; it is taken to need a range without a good point, which is what an earlier edition says and all ten rows show.
 */
export type AlarmState = 'INSUFFICIENT_DATA' | 'OK' | 'ALARM';
export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

export interface Judgement {
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly breaches: (value: number) => boolean;
}

/** Periods that are looked at. */
export const evaluationRange = (evaluationPeriods: number): number => evaluationPeriods + 2;

/** `points`: a value or nothing for each period of the evaluation range, the oldest first. */
export function stateOf(
  points: readonly (number | undefined)[],
  { evaluationPeriods, datapointsToAlarm, breaches }: Judgement,
  missing: MissingData,
  current: AlarmState,
): AlarmState {
  const real = points.filter((value) => value !== undefined);
  const judged = real.slice(-evaluationPeriods);
  const breaching = judged.filter(breaches).length;
  const filled = evaluationPeriods - judged.length;
  if (breaching + (missing === 'breaching' ? filled : 0) >= datapointsToAlarm) return 'ALARM';
  if (filled === 0 || missing === 'breaching' || missing === 'notBreaching') return 'OK';
  if (breaching < judged.length) return 'OK';
  if (missing === 'ignore') return current;
  // Only breaching points, and too few: they make an alarm once the oldest is old enough for no good one to come.
  const age = points.length - points.findIndex((value) => value !== undefined);
  return breaching > 0 && age >= datapointsToAlarm ? 'ALARM' : 'INSUFFICIENT_DATA';
}
