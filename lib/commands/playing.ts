/** What the commands that play the running market have in common. */
import { OperationsError } from '../operations/error.ts';
import { MarketFolder } from '../operations/market-folder.ts';
import { PlayError, type Played, playRunning } from '../simulation/play-control.ts';

/** Plays the market that runs on a folder, and prints each line of what happened. Gives the exit code. */
export async function playMarket(folder: string, played: Played): Promise<number> {
  const running = new MarketFolder(folder).running();
  if (!running) throw new OperationsError('No market is running here', 'Start it in another terminal: npm start');
  try {
    for await (const line of playRunning(running.control, played)) console.log(line);
  } catch (error) {
    if (error instanceof PlayError)
      throw new OperationsError(error.message, 'Look at the terminal of npm start.', { cause: error });
    throw error;
  }
  return 0;
}
