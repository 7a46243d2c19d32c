/**
 * Whether a venue holds: its audit, and before it what only its surroundings can tell. An export's files must be those of
 * its manifest, and the log must lead through a head that was noted earlier.
 */
import { type Audit, type AuditCheck, auditRows } from './audit.ts';
import type { ReadExport } from './export.ts';
import type { Finding } from './finding.ts';
import type { VenueRows } from './rows.ts';

export interface Proof extends Pick<Audit, 'events' | 'venue' | 'stateHash' | 'shards'> {
  readonly holds: boolean;
  /** In the order in which they are to be read. */
  readonly checks: readonly AuditCheck[];
  /** Of the first check that fails. */
  readonly first: Finding | undefined;
}

export interface Surroundings {
  /** The export that the rows were read from. */
  readonly exported?: ReadExport | undefined;
  /** The hash of an event, noted earlier. */
  readonly head?: string | undefined;
}

/** Audits the rows of a venue, from its table or from an export. */
export async function prove(rows: VenueRows, { exported, head }: Surroundings = {}): Promise<Proof> {
  const audit = await auditRows(rows, rows.shards());
  const before: AuditCheck[] = [
    ...(exported
      ? [{ name: 'files' as const, checked: Object.keys(exported.manifest.files).length, faults: exported.faults }]
      : []),
    ...(head === undefined ? [] : [{ name: 'head' as const, checked: audit.heads.length, faults: headFindings(audit, head) }]),
  ];
  const checks = [...before, ...audit.checks];
  const { events, venue, stateHash, shards } = audit;
  const holds = audit.identical && before.every(({ faults }) => faults.length === 0);
  return { events, venue, stateHash, shards, holds, checks, first: checks.flatMap(({ faults }) => faults)[0] };
}

/** A chain that was computed anew is consistent in itself; it can't lead through a hash that was noted before. */
const headFindings = ({ heads }: Audit, head: string): Finding[] =>
  heads.includes(head)
    ? []
    : [{ row: 'LOG', what: `has no event with the hash ${head}: it is another log, or the end of it is gone` }];
