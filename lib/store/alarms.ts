/** The state of the venue's alarms, as CloudWatch has it. */
import { CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';

export interface AlarmReading {
  readonly alarm: string;
  readonly state: string;
  /** Since when, ISO 8601 in UTC. */
  readonly since: string;
  readonly reason: string;
  readonly description: string;
}

/** Alarms that one request may name. */
const NAMES_MAX = 100;
/** Who asks waits for the answer, and what else there is to say should not wait longer. */
const ATTEMPTS_MAX = 2;

let client: CloudWatchClient | undefined;

/** Those of these names that there are. A role may be let to see them one by one, so they are asked for by name. */
export async function readAlarms(names: readonly string[]): Promise<AlarmReading[]> {
  client ??= new CloudWatchClient({ maxAttempts: ATTEMPTS_MAX });
  const found: AlarmReading[] = [];
  for (let at = 0; at < names.length; at += NAMES_MAX) {
    const AlarmNames = names.slice(at, at + NAMES_MAX);
    const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames, MaxRecords: NAMES_MAX }));
    found.push(...MetricAlarms.map(readingOf));
  }
  return found;
}

const readingOf = (alarm: MetricAlarm): AlarmReading => ({
  alarm: alarm.AlarmName ?? '',
  state: alarm.StateValue ?? '',
  since: (alarm.StateUpdatedTimestamp ?? new Date(0)).toISOString(),
  reason: alarm.StateReason ?? '',
  description: alarm.AlarmDescription ?? '',
});
