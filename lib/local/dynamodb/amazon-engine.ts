/**
 * Amazon's own engine, DynamoDB Local: found or fetched, and started in memory on a free port. It comes out of one npm package
 * at one version, whose bytes are checked against the hash below, and is kept outside `package.json`: as a dependency it
 * would bring 56 MB, a tree of packages that nothing here uses, and a licence of Amazon's own (no open-source one) to
 * every user of the default engine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalCloudError } from '../host/error.ts';
import { freePort, watchdogOf } from './dynamodb.ts';

const PACKAGE = 'amplify-dynamodb-simulator@2.9.30';
const SHA512 = 'xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ==';
const CACHE = join(import.meta.dirname, '../../../node_modules/.cache');
const JAR = 'DynamoDBLocal.jar';
/** Its classes are of Java 8; on what is older than 11 it is not tested any more. */
const JAVA_MIN = 11;
const READY_WITHIN_MS = 30_000;

export interface AmazonEngine {
  readonly endpoint: string;
  /** The version that it says it is. */
  readonly version: string;
  stop(): void;
}

/** Throws LocalCloudError when there is no Java, no package, or no answer. */
export async function startAmazonEngine(environment: NodeJS.ProcessEnv = process.env): Promise<AmazonEngine> {
  const java = findJava(environment);
  const folder = environment.DYNAMODB_LOCAL || fetchEngine();
  if (!existsSync(join(folder, JAR)))
    throw new LocalCloudError(`There is no ${JAR} in ${folder}`, 'DYNAMODB_LOCAL must name the unpacked folder, or nothing.');
  const port = await freePort();
  // Shared: else it keeps a set of tables for each access key, and one key does not see what another has written.
  const options = ['-Djava.library.path=./DynamoDBLocal_lib', '-jar', JAR, '-inMemory', '-sharedDb', '-disableTelemetry'];
  const child = spawn(java, [...options, '-port', `${port}`], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const watchdog = watchdogOf(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2_000);
    });
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = (): void => {
    child.kill();
    watchdog.kill();
  };
  if (!(await answers(child, endpoint))) {
    stop();
    throw new LocalCloudError('DynamoDB Local does not start', `It said: ${said.trim() || 'nothing'}`);
  }
  return { endpoint, version: /Version:\s*(\S+)/.exec(said)?.[1] ?? 'unknown', stop };
}

/** The command that runs Java here. */
export function findJava({ JAVA_HOME }: NodeJS.ProcessEnv): string {
  const command = JAVA_HOME ? join(JAVA_HOME, 'bin', 'java') : 'java';
  const hint = `Install a Java runtime (${JAVA_MIN} or newer), or set JAVA_HOME to one.`;
  let told: string;
  try {
    told = execFileSync(command, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (cause) {
    throw new LocalCloudError(`${command} does not run, and DynamoDB Local needs Java`, hint, { cause });
  }
  const major = Number(/^\S+ (\d+)/.exec(told)?.[1]);
  if (!(major >= JAVA_MIN)) throw new LocalCloudError(`${command} is too old (${told.split('\n')[0]})`, hint);
  return command;
}

/** Fetches it once; npm keeps the package, and `npm ci` clears what is unpacked here. */
function fetchEngine(): string {
  const folder = join(CACHE, PACKAGE);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = mkdtempSync(join(CACHE, 'fetching-'));
  try {
    console.error(`Fetching ${PACKAGE} (56 MB) ...`);
    const file = join(unfinished, packInto(unfinished));
    verify(readFileSync(file));
    execFileSync('tar', ['-xzf', file, '-C', unfinished, '--strip-components=2', 'package/emulator']);
    rmSync(file);
    renameSync(unfinished, folder);
    return folder;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function packInto(folder: string): string {
  try {
    const options = ['--pack-destination', folder, '--silent'];
    return execFileSync('npm', ['pack', PACKAGE, ...options], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch (cause) {
    const reason = String((cause as { stderr?: string }).stderr || cause).split('\n')[0];
    throw new LocalCloudError(
      `npm does not give ${PACKAGE} (${reason})`,
      'Unpack DynamoDB Local from anywhere else and set DYNAMODB_LOCAL to its folder.',
      { cause },
    );
  }
}

/** Refuses any bytes but the ones that were looked at. */
export function verify(bytes: Uint8Array): void {
  const found = createHash('sha512').update(bytes).digest('base64');
  if (found !== SHA512)
    throw new LocalCloudError(`${PACKAGE} is not what it was (sha512-${found})`, 'Do not run it. Find out why it changed.');
}

async function answers(child: ChildProcess, endpoint: string): Promise<boolean> {
  let failed = false;
  child.once('error', () => {
    failed = true;
  });
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(50)) {
    if (failed || child.exitCode !== null) return false;
    const answer = await fetch(endpoint, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer) return true;
  }
  return false;
}
