/** Taking orders out in one act: the kill switch of the account, and the dead-man's switch. */
import type { Answered } from '../session/connection.ts';
import { type Context, verbOf } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { choice, flag, text } from '../terminal/options.ts';
import { fieldLines, tableLines, word } from '../terminal/table.ts';

type Stops = Answered<'showStops'>;
type KillSwitch = Stops['stops'][number];

const SCOPE = choice('--scope <word>', "account, the default; owner: all accounts of the account's owner", ['account', 'owner']);
const REASON = text('--reason <text>', 'why, for the record', '');

function show({ out }: Context, stops: Stops): void {
  out.result(stops, [
    `${stops.account} ${stops.stopped ? 'is STOPPED: no order comes in' : 'trades'}.`,
    ...(stops.stops.length === 0
      ? []
      : [
          '',
          ...tableLines(
            [
              word<KillSwitch>('switch of', ({ owner, account }) => account ?? `${owner} and all its accounts`),
              word<KillSwitch>('used by', ({ side }) => side),
              word<KillSwitch>('stands', ({ stands }) => (stands ? 'yes' : 'no')),
              word<KillSwitch>('stopped', ({ stopped }) => stopped.at),
              word<KillSwitch>('why', ({ stopped }) => stopped.reason),
              word<KillSwitch>('released', ({ released }) => released?.at),
            ],
            stops.stops,
            out.paint,
          ),
        ]),
  ]);
}

const stops = verbOf({
  name: 'stops',
  does: 'says whether your account is stopped, and by which switches',
  options: {},
  examples: [['', 'yours and those of the venue']],
  async run(context) {
    show(context, await (await context.client()).showStops());
  },
});

const stop = verbOf({
  name: 'stop',
  does: 'takes all your orders out at once, and lets none in until you release it',
  about:
    'Asks nothing: it is for when there is no time. In an auction whose cut came before, the orders still trade. The roll makes none while it stands.',
  options: { scope: SCOPE, reason: REASON },
  examples: [
    ['', 'this account'],
    ['--scope owner --reason "a runaway"', 'all accounts of its owner'],
  ],
  async run(context, { scope = 'account', reason }) {
    show(context, await (await context.client()).stop({ body: { scope, reason } }));
  },
});

const release = verbOf({
  name: 'release',
  does: 'ends a stop of your own',
  options: { scope: SCOPE, reason: REASON },
  examples: [['', 'the stop of this account']],
  async run(context, { scope = 'account', reason }) {
    show(context, await (await context.client()).release({ body: { scope, reason } }));
  },
});

const cancelAllAfter = verbOf({
  name: 'cancel-all-after',
  does: "sets the dead-man's switch: unless it is set again in time, all your orders are taken out",
  about: `Exact against the cut: of an account whose switch has run out by the time that an auction was due, no order is in it. Set it again as often as you like,
or let --refresh do it until it is interrupted; what ends this program then ends your orders.`,
  operands: [{ form: '[seconds]', says: 'how long; 0 switches it off; without it the switch is only shown' }],
  options: { refresh: flag('--refresh', 'set it again, three times as often as needed, until Ctrl-C') },
  examples: [
    ['60', 'a minute from now'],
    ['60 --refresh', 'as long as this runs, and a minute'],
    ['0', 'off'],
  ],
  async run(context, { refresh }, [written]) {
    if (written === undefined) {
      if (refresh) throw new Failure('usage', '--refresh needs the seconds');
      return shown(context, await (await context.client()).showCancelAllAfter());
    }
    const seconds = secondsOf(written);
    const set = async () => (await context.client()).setCancelAllAfter({ body: { seconds } });
    shown(context, await set());
    if (!refresh) return;
    if (seconds < 3) throw new Failure('usage', 'To refresh it, it needs 3 seconds at least');
    context.out.say('Set again until Ctrl-C ...');
    while (await slept((seconds * 1000) / 3, context.around.signal)) await set();
  },
});

function shown({ out }: Context, standing: Answered<'showCancelAllAfter'>): void {
  const { state, expires, ranOut } = standing;
  out.result(
    standing,
    fieldLines(
      [
        ['state', state],
        ['expires', expires],
        ['ran out last', ranOut],
      ],
      out.paint,
    ),
  );
}

function secondsOf(written: string): number {
  if (/^\d{1,9}$/.test(written)) return Number(written);
  throw new Failure('usage', `Seconds are a whole number, not ${JSON.stringify(written)}`);
}

/** Whether the time has passed; false when it was interrupted. */
export function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const stop = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve(true);
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

export const PROTECTING = [cancelAllAfter, stops, stop, release];
