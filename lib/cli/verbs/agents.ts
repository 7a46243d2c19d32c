/** The agents' door on standard input and output. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DayLimits } from '../agents/day-limits.ts';
import { ticksOf } from '../orders/worst-loss.ts';
import { type Context, verbOf } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { flag, text, whole } from '../terminal/options.ts';

export const mcp = (version: string) =>
  verbOf({
    name: 'mcp',
    does: 'serves the market and your account to an agent, by the Model Context Protocol on standard input and output',
    about: `By default an agent reads the market and your account, and previews orders. It places orders only with --orders, and only what it has previewed, once, within
limits that you set here and that it can't change:

  --lots-a-day  lots of all orders that it places
  --loss-a-day  what these orders could lose by the next marks: each filled whole at its limit, under the worst of the product's margin scenarios

Both count when an order is sent, and are not given back when it is cancelled or does not fill. A day is one of UTC by the venue's clock. What is used
is kept in ~/.local/state/compute-exchange (XDG_STATE_HOME) over restarts, for every agent of the account together. Cancelling and the kill switch need no limit.`,
    options: {
      orders: flag('--orders', 'let the agent place orders, with both limits'),
      lots: whole('--lots-a-day <n>', 'lots that it may order in a day', { least: 1, most: 999_999_999 }),
      loss: text('--loss-a-day <usd>', 'USD that its orders of a day could lose'),
    },
    examples: [
      ['', 'reading and previews'],
      ['--orders --lots-a-day 20 --loss-a-day 5000', 'orders as well'],
      [
        '--profile agent',
        'as an entry of an agent\'s settings: {"command": "npx", "args": ["compute-exchange", "mcp", "--profile", "agent"]}',
      ],
    ],
    async run(context, { orders, lots, loss }) {
      const limits = orders ? await limitsOf(context, lots, loss) : undefined;
      if (!orders && (lots !== undefined || loss !== undefined))
        throw new Failure('usage', 'Limits are for --orders', 'Add --orders, or leave them out.');
      // Loaded only here: no other verb needs them.
      const [{ agentServer }, { serveStdio }] = await Promise.all([
        import('../agents/server.ts'),
        import('@modelcontextprotocol/server/stdio'),
      ]);
      // Asked once before the first tool, so that a session that is not good is told to the user and not to the agent.
      if (!orders) await (await context.client()).listProducts();
      await new Promise<void>((ended) => {
        serveStdio(() => {
          const server = agentServer(context, version, limits);
          server.server.onclose = ended;
          return server;
        });
        context.around.stdin.once('end', ended);
        context.around.signal.addEventListener('abort', () => ended());
      });
    },
  });

async function limitsOf(context: Context, lots: number | undefined, loss: string | undefined): Promise<DayLimits> {
  if (lots === undefined || loss === undefined)
    throw new Failure('usage', '--orders needs --lots-a-day and --loss-a-day', 'Without limits an agent places nothing.');
  const { env } = context.around;
  const { account } = await (await context.client()).showAccount();
  const folder = join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'compute-exchange');
  return new DayLimits(folder, `${context.session.url} ${account}`, { lots, lossCents: centsOf(loss) });
}

function centsOf(text: string): bigint {
  try {
    const cents = ticksOf(text, 2);
    if (cents >= 0n) return cents;
  } catch {
    // Said below.
  }
  throw new Failure('usage', `--loss-a-day is an amount in USD, such as 5000.00, not ${JSON.stringify(text)}`);
}
