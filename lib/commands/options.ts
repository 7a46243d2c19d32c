/** Options that several commands share. */
import { flag, text } from '../cli/terminal/options.ts';
import { MARKET_FOLDER } from '../operations/market-folder.ts';

/** The result for a program; whatever else a command has to say then goes to standard error. */
export const JSON_RESULT = flag('--json', 'the result as JSON on standard output, everything else on standard error');

/** The data folder of the local market. */
export const DATA_FOLDER = text('--data <dir>', "the market's data folder", MARKET_FOLDER, '.market');

/** Where a venue is read from; the market of this folder when nothing is named. */
export const SOURCE = {
  data: text('--data <dir>', 'the data folder of a market on this machine, unless .market'),
  table: text('--table <name>', 'a table instead, with the credentials of the environment'),
  endpoint: text('--endpoint <url>', 'where that table is, unless it is at AWS'),
  region: text('--region <region>', 'the region that it is in'),
};

/** The same, or an export, which needs no table. */
export const SOURCE_OR_EXPORT = {
  ...SOURCE,
  export: text('--export <dir>', 'an export instead, without any table'),
};

/** Names of options of which no two may be given together: two of them name two venues. */
export const ONE_SOURCE = ['--data', '--table'];
export const ONE_SOURCE_OR_EXPORT = ['--data', '--table', '--export'];
