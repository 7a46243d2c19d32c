/** A check as the audit and the gate print it: whether it holds, how much it looked at, and the first row that is wrong. */
import type { Finding } from '../audit/finding.ts';

interface Check {
  /** `null` when it could not be made. */
  readonly checked: number | null;
  readonly faults: readonly Finding[];
}

export function checkLines({ checked, faults }: Check, says: string, notMade: string): string[] {
  if (checked === null) return [`  --    ${''.padStart(8)} ${says}: ${notMade}`];
  const line = `  ${faults.length ? 'WRONG' : 'ok   '} ${`${checked}`.padStart(8)} ${says}`;
  return faults[0] ? [line, `                 ${faults.length} wrong, the first: ${faults[0].row} ${faults[0].what}`] : [line];
}
