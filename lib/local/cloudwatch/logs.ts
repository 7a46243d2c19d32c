/**
 * What the functions print: kept for a while, written to a file a function in the data folder, and given to the caller that shows it.
 * Embedded metrics are taken out before (see metrics.ts).
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';

export interface LogLine {
  readonly function: string;
  /** On the movable clock. */
  readonly atMs: number;
  /** As a structured line says; `ERROR` for what Lambda itself reports. */
  readonly level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  readonly text: string;
}

export interface Logs {
  add(line: LogLine): void;
  /** The last thousand lines, of one function or all. */
  recent(functionName?: string): readonly LogLine[];
  stop(): Promise<void>;
}

const KEPT_MAX = 1_000;

export function startLogs(dataDir: string | undefined, onLog: ((line: LogLine) => void) | undefined): Logs {
  const kept: LogLine[] = [];
  const files = new Map<string, WriteStream>();
  return {
    add(line) {
      kept.push(line);
      if (kept.length > 2 * KEPT_MAX) kept.splice(0, KEPT_MAX);
      if (dataDir !== undefined) {
        let file = files.get(line.function);
        if (file === undefined) {
          file = createWriteStream(join(dataDir, 'logs', `${line.function}.log`), { flags: 'a', mode: 0o600 }).on(
            'error',
            () => {},
          );
          files.set(line.function, file);
        }
        file.write(`${line.text}\n`);
      }
      onLog?.(line);
    },
    recent: (functionName) =>
      kept.filter((line) => functionName === undefined || line.function === functionName).slice(-KEPT_MAX),
    async stop() {
      await Promise.all([...files.values()].map((file) => new Promise<void>((resolve) => file.end(() => resolve()))));
    },
  };
}

/** The level that a line of a structured logger names, else INFO. */
export function levelOf(text: string): LogLine['level'] {
  const [, level] = /"level"\s*:\s*"(DEBUG|INFO|WARN|ERROR)"/.exec(text) ?? [];
  return (level as LogLine['level'] | undefined) ?? 'INFO';
}
