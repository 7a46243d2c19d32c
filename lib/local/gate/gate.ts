/**
 * The gate: before a version goes live it works the venue's last days again, with the very bundles that would be deployed,
 * and must come to the same prices, fills, carried orders and balances. What the venue has is the log's; what is compared
 * with it is computed by the candidate.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuctionCleared } from '../../domain/events.ts';
import { ENV } from '../../store/names.ts';
import { readAssembly } from '../assembly.ts';
import type { VenueRows } from '../audit/rows.ts';
import type { Fault } from '../audit.ts';
import { LocalCloudError } from '../error.ts';
import { planOf } from '../plan.ts';
import { startCandidate } from './candidate.ts';
import { auctionDiffers, compareRows, isAccount, isAfter } from './compare.ts';
import { lastDays } from './window.ts';

export interface GateCheck {
  readonly name: 'auctions' | 'journal' | 'accounts' | 'statements';
  /** `null` when it was not made, because an earlier one failed. */
  readonly checked: number | null;
  readonly faults: readonly Fault[];
}

export interface Verdict {
  /** SHA-256 over the candidate's bundles. */
  readonly candidate: string;
  readonly dates: readonly string[];
  /** First and last event that was worked again. */
  readonly events: readonly [first: number, last: number];
  readonly checks: readonly GateCheck[];
  readonly passes: boolean;
}

/** Throws LocalCloudError when there is nothing to compare, or the candidate can't run. */
export async function gate(assembly: string, rows: VenueRows, days: number): Promise<Verdict> {
  const shards = rows.shards();
  const candidate = candidateOf(assembly, shards);
  const window = await lastDays(rows, shards, days);
  const { entries, before } = window;
  const from = before.venue.seq;
  const running = await startCandidate(assembly, rows, window, shards);
  const auctions: Fault[] = [];
  let cleared = 0;
  try {
    for (const { event } of entries) {
      if (event.kind !== 'auction-cleared') await running.follow(event);
      else {
        const written = await running.clear(event);
        const what = await auctionDiffers(rows, running.table, event, written, shards);
        cleared += 1;
        if (what === undefined) continue;
        const trouble = written === undefined ? running.trouble() : undefined;
        auctions.push({ row: nameOf(event), what: trouble ? `${what}: ${trouble}` : what });
        // What comes after it builds on it.
        break;
      }
    }
    const rest = auctions.length ? undefined : await postAndCompare();
    const checks: GateCheck[] = [{ name: 'auctions', checked: cleared, faults: auctions }, ...(rest ?? NOT_MADE)];
    const passes = checks.every(({ checked, faults }) => checked !== null && faults.length === 0);
    return { candidate, dates: window.dates, events: [from + 1, from + entries.length], checks, passes };
  } finally {
    await running.stop();
  }

  async function postAndCompare(): Promise<GateCheck[]> {
    await running.post();
    const theirs = await running.rows();
    const closed = new Set(
      entries.flatMap(({ event }) => (event.kind === 'day-closed' ? [`${event.date}#${event.product}`] : [])),
    );
    return [
      { name: 'journal', ...compareRows(rows, theirs, 'JOURNAL', isAfter(from)) },
      { name: 'accounts', ...compareRows(rows, theirs, 'SHARD', isAccount) },
      { name: 'statements', ...compareRows(rows, theirs, 'STATEMENT', ({ sk }) => closed.has(sk!.S!)) },
    ];
  }
}

const NOT_MADE: GateCheck[] = (['journal', 'accounts', 'statements'] as const).map((name) => ({
  name,
  checked: null,
  faults: [],
}));

const nameOf = ({ product, auction, slot }: AuctionCleared): string => `auction ${auction} of ${product} (${slot})`;

/** What would be deployed, by its content. Throws LocalCloudError when it is not for this venue. */
function candidateOf(assembly: string, shards: number): string {
  const { functions } = planOf(readAssembly(assembly), { queueUrl: (name) => name, apiUrl: '' });
  const other = functions.find(({ environment }) => environment[ENV.shards] !== `${shards}`);
  if (other)
    throw new LocalCloudError(
      `The candidate keeps accounts in ${other.environment[ENV.shards]} shards, the venue in ${shards}`,
      'The number of shards is fixed for the life of a venue: see lib/infra/venue.ts.',
    );
  const hash = createHash('sha256');
  for (const { name, codeDir } of functions.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    for (const file of readdirSync(codeDir).sort()) hash.update(`${name}/${file}\n`).update(readFileSync(join(codeDir, file)));
  return hash.digest('hex');
}
