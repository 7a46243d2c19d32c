/**
 * A venue as files: its log, its books and everything that follows from them, one JSON line a row, one file a kind, and a
 * manifest that names every file by its SHA-256. The same rows always give the same bytes, so two exports can be compared
 * by their manifests alone, and one that is kept under object lock is what the table can be held against later.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Attributes, B } from '../store/table.ts';
import { canonical } from './canonical.ts';
import { AuditError } from './error.ts';
import type { Finding } from './finding.ts';
import { inOrder, rowName, VenueRows } from './rows.ts';

/** File by kind of partition: all there are, since a venue is also built again from its export. */
const FILES = {
  'log.jsonl': ['LOG'],
  'state.jsonl': ['VENUE'],
  'auctions.jsonl': ['AUCTION'],
  'submissions.jsonl': ['BOOK'],
  'roll-orders.jsonl': ['ROLL'],
  'results.jsonl': ['RESULT'],
  'carried.jsonl': ['CARRIED'],
  'index-values.jsonl': ['INDEX'],
  'accounts.jsonl': ['SHARD'],
  'journal.jsonl': ['JOURNAL'],
  'statements.jsonl': ['STATEMENT'],
  'short.jsonl': ['SHORT'],
  'totals.jsonl': ['TOTALS'],
  'intakes.jsonl': ['INTAKE'],
  'slots.jsonl': ['SLOT', 'CLOSING'],
  'done-once.jsonl': ['ONCE'],
  'days.jsonl': ['DAY'],
  'stops.jsonl': ['STOPS', 'DEADMAN'],
  'held.jsonl': ['HELD', 'PROPOSED', 'NOTED'],
  'repaired.jsonl': ['REPAIRED'],
} as const satisfies Record<string, readonly string[]>;
const MANIFEST = 'manifest.json';
const FORMAT = 'compute-exchange-export/5';

export interface Manifest {
  readonly format: string;
  readonly shards: number;
  readonly events: number;
  /** Hash of the last event, chained over all before it: what the whole log comes down to. */
  readonly head: string;
  readonly files: Readonly<Record<string, { readonly rows: number; readonly bytes: number; readonly sha256: string }>>;
}

/** Writes an export into a folder that is empty or not there. Throws AuditError when it is neither. */
export function writeExport(dir: string, rows: VenueRows): Manifest {
  mkdirSync(dir, { recursive: true });
  if (readdirSync(dir).length) throw new AuditError(`${dir} is not empty`, 'Name a folder that does not exist yet.');
  const files: Record<string, Manifest['files'][string]> = {};
  for (const [name, kinds] of Object.entries(FILES)) {
    const found = kinds.flatMap((kind) => rows.ofKind(kind));
    const text = found.map((item) => `${encodeRow(item)}\n`).join('');
    writeFileSync(join(dir, name), text);
    files[name] = { rows: found.length, bytes: Buffer.byteLength(text), sha256: sha256(text) };
  }
  const log = rows.ofKind('LOG');
  const head = log.at(-1)?.hash?.S ?? '';
  const manifest: Manifest = { format: FORMAT, shards: rows.shards(), events: log.length, head, files };
  writeFileSync(join(dir, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

export interface ReadExport {
  readonly rows: VenueRows;
  readonly manifest: Manifest;
  /** Files that are not what the manifest says. */
  readonly faults: readonly Finding[];
}

/** The rows of an export that is as its manifest says. Throws AuditError when it is not, or when it is none. */
export async function readSoundExport(dir: string): Promise<VenueRows> {
  const { rows, faults } = await readExport(dir);
  if (faults[0]) throw new AuditError(`The export in ${dir} is damaged: ${faults[0].row} ${faults[0].what}`, 'Take another one.');
  return rows;
}

/** Reads an export. Throws AuditError when it is none. */
export async function readExport(dir: string): Promise<ReadExport> {
  const manifest = readManifest(dir);
  const faults: Finding[] = [];
  const items: Attributes[] = [];
  const named = Object.keys(manifest.files);
  for (const name of [...new Set([...Object.keys(FILES), ...named])].sort(inOrder)) {
    if (!(name in FILES)) faults.push({ row: name, what: 'is in the manifest and is no file of an export' });
    else {
      const text = readText(join(dir, name));
      if (text === undefined) faults.push({ row: name, what: 'is missing' });
      else if (sha256(text) !== manifest.files[name]?.sha256)
        faults.push({ row: name, what: `is not the file of the manifest: its SHA-256 is ${sha256(text)}` });
      for (const [at, line] of (text ?? '').split('\n').entries()) {
        if (line === '') continue;
        try {
          items.push(decodeRow(line));
        } catch {
          faults.push({ row: `${name}:${at + 1}`, what: 'is not a row' });
        }
      }
    }
  }
  const seen = new Set<string>();
  for (const item of items) {
    if (seen.has(rowName(item))) faults.push({ row: rowName(item), what: 'stands there twice' });
    seen.add(rowName(item));
  }
  return { rows: await VenueRows.from(items), manifest, faults };
}

function readManifest(dir: string): Manifest {
  const text = readText(join(dir, MANIFEST));
  const hint = 'Name a folder that `npm run export` wrote.';
  if (text === undefined) throw new AuditError(`There is no export in ${dir}`, hint);
  try {
    const manifest = JSON.parse(text) as Manifest;
    if (manifest.format === FORMAT && Number.isInteger(manifest.shards) && manifest.files) return manifest;
  } catch {}
  throw new AuditError(`${join(dir, MANIFEST)} is not a manifest of the format ${FORMAT}`, hint);
}

/** A row as one line of JSON: names in order, sets in order, binary as base64. */
const encodeRow = (item: Attributes): string =>
  canonical(Object.fromEntries(Object.entries(item).map(([name, value]) => [name, encodeValue(value)])));

function encodeValue(value: AttributeValue): unknown {
  if (value.B) return { B: Buffer.from(value.B).toString('base64') };
  return value.SS ? { SS: [...value.SS].sort() } : value;
}

function decodeRow(line: string): Attributes {
  const row = JSON.parse(line) as Record<string, { B?: string }>;
  const item = Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value.B === undefined ? value : B(Buffer.from(value.B, 'base64'))]),
  ) as Attributes;
  if (item.pk?.S === undefined || item.sk?.S === undefined) throw new TypeError('a row without a key');
  return item;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
