/**
 * The market on this machine, in real time: the local cloud on a folder that outlives it. Where its clock stands is kept
 * there, and while it runs, where it can be reached.
 */
import { type Cloud, type CloudOptions, startCloud } from '../local/cloud.ts';
import { followingClock } from '../local/host/clock.ts';
import { aheadOf, type Kept, type MarketFolder, type Running } from './market-folder.ts';

export interface MarketOptions extends Pick<CloudOptions, 'onProblem' | 'onLog' | 'onAlarm'> {
  readonly port: number;
  /** Sets the clock ahead to this instant. */
  readonly until?: Date | undefined;
}

export interface Market {
  readonly cloud: Cloud;
  readonly kept: Kept;
  /** Keeps more of it, and where the clock stands now. */
  keep(more?: Partial<Kept>): void;
  /** From now on other commands find it by its folder. */
  announce(market: Pick<Running, 'product' | 'timeZone' | 'control'>): void;
  stop(): Promise<void>;
}

/**
 * Starts it on the app that was synthesized into the folder. Throws OperationsError when the clock can't be set as wanted,
 * LocalCloudError when the cloud can't run.
 */
export async function openMarket(folder: MarketFolder, { port, until, ...says }: MarketOptions): Promise<Market> {
  let kept = folder.kept();
  const clock = followingClock(aheadOf(kept, until, Date.now()));
  const cloud = await startCloud({ assembly: folder.assembly, dataDir: folder.dir, port, clock, ...says });
  let running: Running | undefined;
  const keep = (more: Partial<Kept> = {}): void => {
    // Machine's time first: what is kept may then be a moment too far ahead, never behind.
    kept = { ...kept, ...more, aheadMs: -Date.now() + cloud.clock.now() };
    folder.keep(kept);
    if (running) folder.noteRunning({ ...running, aheadMs: kept.aheadMs });
  };
  keep();
  let stopping: Promise<void> | undefined;
  return {
    cloud,
    get kept() {
      return kept;
    },
    keep,
    announce(market) {
      running = {
        ...market,
        pid: process.pid,
        url: cloud.url,
        closings: cloud.queueUrl('closings'),
        aheadMs: kept.aheadMs,
        tokensFile: folder.tokensFile,
        table: { name: cloud.tableName, endpoint: cloud.dynamodbEndpoint },
      };
      folder.noteRunning(running);
    },
    stop() {
      running = undefined;
      stopping ??= cloud.stop().then(() => folder.noteStopped());
      return stopping;
    },
  };
}
