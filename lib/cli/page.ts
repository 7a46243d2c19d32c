/** The page docs/command-line.md, made of the program's own help, so that it says what the program says. */
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { parserOf } from './program.ts';
import { type Ended, EXIT_CODES, EXIT_SENTENCES } from './terminal/failure.ts';

const WIDTH = 110;

/** The whole page. */
export function commandLinePage(): string {
  const nothing = new PassThrough();
  const program = parserOf({
    env: {},
    stdin: nothing,
    stdout: nothing,
    stderr: nothing,
    signal: new AbortController().signal,
  });
  const verbs = program.commands.flatMap((each) =>
    each.commands.length > 0 ? each.commands.map((verb) => [each, verb]) : [[each]],
  );
  const table = verbs.map(
    (path) => `| [\`${path.map((each) => each.name()).join(' ')}\`](#${anchorOf(path)}) | ${path.at(-1)!.summary()} |`,
  );
  const parts = verbs.map(
    (path) => `### \`${program.name()} ${path.map((each) => each.name()).join(' ')}\`\n\n${block(helpOf(path.at(-1)!))}`,
  );
  return [INTRODUCTION, '## Every command\n', '| command | does |', '|---|---|', ...table, '', parts.join('\n\n'), ''].join('\n');
}

const anchorOf = (path: readonly Command[]): string => `compute-exchange-${path.map((each) => each.name()).join('-')}`;
const block = (text: string): string => `\`\`\`text\n${text.trimEnd()}\n\`\`\``;

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => WIDTH });
  command.outputHelp();
  return text;
}

const codes = Object.entries(EXIT_CODES).map(([ended, code]) => `| ${code} | ${EXIT_SENTENCES[ended as Ended]} |`);

const INTRODUCTION = `# The command line

\`compute-exchange\` is the exchange from a terminal: for people who trade, for their scripts, for operators, and for agents. It stands on the
typed client alone, so it can do what [the API](api.md) can, against any deployment by its URL. In this repository \`npx compute-exchange\`
runs it, with the Node that the project brings.

This page is made of the program's own \`--help\` by \`npm run reference\`, and a test holds the two together.

## Five minutes

\`npm start\` runs a market on this machine and makes four profiles for it: \`local\` and \`local-seller\` trade, \`local-operator\` and \`local-approver\` operate. In another terminal:

\`\`\`sh
npx compute-exchange market                                 # the curve, the last auction, the next one
npx compute-exchange buy 10 2027-01 --at 2.350              # what would come of it; then it asks
npx compute-exchange watch --fills                          # in a terminal of its own: tells when it has traded
npm run -s auction                                          # plays on to the next auction instead of waiting
npx compute-exchange positions
npx compute-exchange roll on                                # the position goes on into the next month, when its window comes
npx compute-exchange statement --pdf --out statement.pdf    # after the day is closed: npm run -s day
\`\`\`

## Signing in

A profile is a venue and what its caller is known by: a token as it was given; tokens of your issuer, which are renewed there; or the token file of a market
on this machine, which \`npm start\` writes. Profiles are kept in \`~/.config/compute-exchange/profiles.json\` (\`XDG_CONFIG_HOME\`), readable by you alone: a file or folder that
others may read is refused and not repaired, since what was in it may have been read. They hold no token of a market on this machine, only where its file is.

A token is sent to the URL that it was kept for and to no other, over TLS or to this machine itself. It is never taken from the command line unless you insist, because
other users of the machine can read the list of processes. A user pool of Cognito has no sign-in by device: give its ID token to \`sign-in --token-stdin\`.

A script sets \`COMPUTE_EXCHANGE_URL\` and \`COMPUTE_EXCHANGE_TOKEN\` instead. The market is public: with \`--url\` alone nothing needs a token that only reads it.

## For scripts

\`--json\` gives the result as one document, with the fields and decimals of the API; \`--ndjson\` a line an item, as they come. Everything else goes to standard error, a failure
as a document with its kind, code, fields, request id and what to do. A command that would ask needs \`--yes\` where there is no terminal.

| exit code | |
|---|---|
${codes.join('\n')}

Orders go out under a key that is made once. What was not answered is sent again under it, and counts once; when even then nothing is known, the failure names
the key, and the same call with \`--key\` asks again.

## For agents

\`compute-exchange mcp\` serves the Model Context Protocol on standard input and output. An agent reads the market and the account and previews orders. It places orders only with
\`--orders\`, and only by the token of a preview that this server made: exactly those orders, once, within two minutes. \`--lots-a-day\` and \`--loss-a-day\` are needed with it. What
orders could lose is computed from public data: each filled whole at its own limit, and marked where the worst of the product's margin scenarios puts the curve. It is not the
difference of two requirements, because an order that closes a position lowers the requirement and may still give money away. Both counts rise when an order is sent, never
fall within a day (UTC, by the venue's clock), and are kept over restarts and for all servers of the account together.

Names, reasons and other texts of participants are data: every tool says so to the agent. Tools that act are marked as such.

## Beside another

| | [Kraken's command line and its door for agents](https://docs.kraken.com/home/mcp) | here |
|---|---|---|
| what an agent may do by default | market data, the own account, paper trading | market data, the own account, previews |
| orders of an agent | a group of tools that is switched on whole | switched on with limits of lots and of loss a day, which are needed and outlive the server; each order only by the token of its preview, once |
| trying without money | simulated fills on live prices | the whole venue on this machine, with others who trade, its margin, its day run and its statements; the same program by another profile |
`;
