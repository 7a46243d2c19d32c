/**
 * `npm run -s auction`: holds an auction now. It puts into the queue what the schedule would put there, with this moment as
 * the due time, and shows what cleared. The market keeps its calendar: there is none on a day without trading.
 */
import { Exchange } from '../client/exchange.ts';
import { isBusinessDay, localDate } from '../domain/contract/calendar.ts';
import { OperationsError } from '../operations/error.ts';
import { MarketFolder } from '../operations/market-folder.ts';
import { type ClearedAuction, callAuction, clearedAuction } from '../simulation/auction-now.ts';
import { nextOpening } from '../simulation/demo-market.ts';
import { PARAMETERS } from '../simulation/parameters.ts';
import { iso } from './banner.ts';
import { command } from './command.ts';
import { DATA_FOLDER } from './options.ts';

const CLEARED_WITHIN_MS = 20_000;

await command(
  {
    name: 'auction',
    about:
      'It meets every order that was answered until now, as a scheduled auction would. There is none on a day without trading.',
    options: { data: DATA_FOLDER },
    examples: [['', 'the auction of this moment']],
  },
  async ({ data }) => {
    const folder = new MarketFolder(data);
    const running = folder.running();
    if (!running) throw new OperationsError('No market is running here', 'Start it in another terminal: npm start');
    const nowMs = Date.now() + running.aheadMs;
    const today = localDate(nowMs, running.timeZone);
    if (!isBusinessDay(PARAMETERS.calendar, today))
      throw new OperationsError(
        `${today} is not a trading day`,
        `Stop the market and set its clock to the next: npm start -- --until ${iso(nextOpening(nowMs).atMs)}`,
      );
    const slot = new Date(nowMs).toISOString();
    await callAuction(running.closings, running.product, slot);
    const exchange = new Exchange(running.url);
    try {
      const caller = exchange.as(folder.readTokens().ACME ?? '');
      const cleared = await clearedAuction(caller, running.product, slot, CLEARED_WITHIN_MS);
      if (cleared) return show(cleared);
    } finally {
      exchange.close();
    }
    throw new OperationsError(
      `The auction of ${slot} has not cleared in ${CLEARED_WITHIN_MS / 1000} s`,
      'A halted venue, a day that is closed or whose day run is under way, or a later auction would be why: look at the terminal of npm start.',
    );
  },
);

function show({ auction, slot, months }: ClearedAuction): number {
  const traded = months.filter((month) => month.traded);
  console.log(`auction ${auction}, ${slot}: ${traded.length === 0 ? 'nothing traded' : ''}`.trimEnd());
  for (const { contract, price, volume } of traded) console.log(`  ${contract}  ${price}  ${volume} lots`);
  return 0;
}
