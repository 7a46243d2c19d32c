/**
 * Every script of `package.json`, by who uses it, with the line that `npm run commands`, its own `--help` and the README
 * say of it. A test holds the three against each other.
 */
export interface Listed {
  /** Its name in `package.json`. */
  readonly script: string;
  /** How it is called. */
  readonly call: string;
  readonly does: string;
  /** The file in this folder that it runs, without its ending; absent when it is another project's tool. */
  readonly entry?: string;
}

const run = <N extends string>(script: N, does: string) => ({ script, call: `npm run ${script}`, does, entry: script }) as const;
/** Without npm's own lines: what it prints is read by a shell. */
const silent = <N extends string>(script: N, does: string) => ({ ...run(script, does), call: `npm run -s ${script}` }) as const;
const tool = <N extends string>(script: N, call: string, does: string) => ({ script, call, does }) as const;

export const CATALOGUE = {
  trade: [
    { script: 'start', call: 'npm start', does: 'runs the market on this machine', entry: 'start' },
    silent('auction', 'plays the running market on to its next auction, and shows what cleared'),
    silent('day', 'plays the running market through its next day run'),
    silent('play', 'plays the running market on, to a roll or an instant, at once or at a speed'),
    silent('key', "prints an idempotency key of the running market's clock"),
    run('commands', 'lists all of these'),
  ],
  operate: [
    run('audit', 'proves a venue again from its log: chain, auctions, journals, balances'),
    run('export', 'writes a venue as files, which can be audited without its table'),
    run('parameters', "tries a product's new parameters on its last trading day, and changes them when two operators tell it to"),
    run('margin', 'proposes margin scenarios from settlement prices, and says how such proposals would have done'),
    run('repair', 'shows the rows of a halted venue that do not follow from its log, and puts them right'),
    run('restore', 'makes a table as it was at a point in time, beside the damaged one'),
    run('rebuild', 'builds a venue again in an empty table'),
    run('drill', 'damages a table and loses a region, and measures each way back'),
  ],
  release: [
    run('deploy', 'tests, synthesizes, gates and deploys, and stops at the first that fails'),
    run('gate', "holds a synthesized app against the venue's last days"),
    tool('synth', 'npm run synth', 'writes the template and the bundles, without an AWS account'),
    run('reference', 'writes the OpenAPI document, docs/api.md and docs/command-line.md anew from what is declared'),
    run('supply-chain', 'checks what the project is built on: pinned, hashed, licences, known advisories'),
    run('secrets', 'looks for secrets in every file, the template and the bundles'),
  ],
  prove: [
    tool('test', 'npm test', 'checks format, lint and types, and runs every test'),
    tool('check', 'npm run check', 'checks format, lint and types only'),
    tool('format', 'npm run format', 'puts format and lint right'),
    run('simulate', 'trades a month of real prices through the venue, and audits its books'),
    run('faults', 'plays a small market under seeded faults'),
    run('crashes', 'kills the market again and again while it trades, and looks for anything lost'),
    run('mutation', 'makes the code wrong on purpose, and measures what the tests do not notice'),
    run('bench', 'measures the auction and the costs'),
    { ...run('test:amazon', "runs the pipeline's tests on Amazon's own DynamoDB engine; needs Java"), entry: 'test-amazon' },
    run('amazon', "runs any command on Amazon's own DynamoDB engine; needs Java"),
  ],
} as const satisfies Record<string, readonly Listed[]>;

export type Use = keyof typeof CATALOGUE;
type Entry = (typeof CATALOGUE)[Use][number];
/** A script that is a command of this project. */
export type CommandName = Extract<Entry, { entry: string }>['script'];

/** What the groups are called. */
export const USES: Readonly<Record<Use, string>> = {
  trade: 'To trade',
  operate: 'To operate a venue',
  release: 'To release a version',
  prove: 'To prove that it works',
};

export const LISTED: readonly Listed[] = Object.values(CATALOGUE).flat();

export function listed(name: CommandName): Listed {
  return LISTED.find(({ script }) => script === name)!;
}
