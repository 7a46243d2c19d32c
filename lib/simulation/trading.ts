/**
 * The run itself: the clock moves from event to event, the operator publishes and settles, participants look at the
 * market and send their orders, all at once. What they send depends on what was public before the round and on their own
 * accounts only, so it makes no difference which request is answered first.
 */

import { atOnce, type Caller, type Exchange } from '../client/exchange.ts';
import type { BusinessDate } from '../domain/contract/calendar.ts';
import { type ContractMonth, monthAfter, parseContractCode } from '../domain/contract/months.ts';
import { type Lots, lots, parseDecimal } from '../domain/contract/units.ts';
import { random } from '../local/host/random.ts';
import type { TenthsOn } from './crash.ts';
import type { Plan, Round, TradingDay } from './days.ts';
import { cutBack, Reserves } from './margin-calls.ts';
import { type Market, type Own, type OwnOrder, price, worthOf } from './market.ts';
import { type DayReport, Operators, type ProductTerms, type RunningVenue, readPrices, TOKEN_SECONDS } from './operator.ts';
import type { Participant } from './population.ts';
import type { OffersByDay, Spot } from './prices.ts';

export interface Run {
  readonly seed: number;
  readonly plan: Plan;
  readonly terms: ProductTerms;
  readonly participants: readonly Participant[];
  readonly spot: Spot;
  readonly offers: OffersByDay;
  readonly tenths: TenthsOn;
  readonly crashes: boolean;
}

/** What participants know besides what the venue says. */
export interface Known extends Pick<Run, 'spot' | 'offers' | 'tenths'> {
  readonly terms: Pick<ProductTerms, 'product' | 'parameters'>;
}

/** A submission that was answered with 202. */
export interface Sent {
  readonly account: string;
  readonly key: string;
  /** Its id, under which its outcome is asked for. */
  readonly submission: string;
  readonly entries: number;
}

/** An outcome as the API tells it, of a submission chosen to be looked at. */
export interface SampledOutcome {
  readonly submission: string;
  readonly state: string;
  readonly outcomes: readonly string[];
}

export interface Traded {
  readonly days: readonly DayReport[];
  readonly sent: readonly Sent[];
  readonly sampled: readonly SampledOutcome[];
  readonly operators: Operators;
  readonly reserves: Reserves;
}

const SAMPLED_A_ROUND = 3;

/** Trades every day of the plan. `onDay` is called as each ends. */
export async function trade(run: Run, venue: RunningVenue, exchange: Exchange, onDay: (day: DayReport) => void): Promise<Traded> {
  const { terms, plan, participants } = run;
  const operators = await Operators.sign(venue, exchange, terms.product);
  const desks = await atOnce(participants, async (participant) => {
    const token = await venue.mint({
      sub: `${participant.account}-trader`,
      account: participant.account,
      expiresIn: TOKEN_SECONDS,
    });
    return { participant, caller: exchange.as(token) };
  });
  await operators.list(terms);
  await operators.open(participants);
  await instructRolls(terms, desks, plan.days[0]!.date);
  await operators.publish(plan.firstIndex);

  const days: DayReport[] = [];
  const sent: Sent[] = [];
  const sampled: SampledOutcome[] = [];
  const reserves = new Reserves(participants);
  for (const day of plan.days) {
    for (const publication of day.publications) {
      await venue.advanceTo(publication.at);
      await operators.publish(publication);
    }
    const calls = (await operators.calls()).map(({ account, amount }) => ({ account, cents: parseDecimal(amount, 2)! }));
    await operators.receive(reserves.answer(calls), `call-${day.date}`);
    for (const round of day.rounds) {
      await venue.advanceTo(round.ordersAt);
      const answered = await sendOrders(run, desks, day, round, reserves);
      await venue.advanceTo(round.due);
      await venue.quiet();
      sent.push(...answered);
      sampled.push(...(await sampleOutcomes(run, desks, answered)));
    }
    const report = await operators.endDay(day.date);
    days.push(report);
    onDay(report);
  }
  return { days, sent, sampled, operators, reserves };
}

export interface Desk {
  readonly participant: Participant;
  readonly caller: Caller;
}

/** Participants that roll give their instruction before the first day. A limit is so many ticks from the spread at listing. */
export async function instructRolls(
  { product, parameters }: Pick<ProductTerms, 'product' | 'parameters'>,
  desks: readonly Desk[],
  date: BusinessDate,
): Promise<void> {
  const { near, last } = await readPrices(desks[0]!.caller, product, date, parameters.priceDecimals);
  const spread = last.get(monthAfter(near))! - last.get(near)!;
  await atOnce(
    desks.filter(({ participant }) => participant.roll !== undefined),
    async ({ participant: { roll, group }, caller }) => {
      const off = group === 'short hedgers' ? -Number(roll) : Number(roll);
      const instruction = roll === 'market' ? { at: 'market' } : { at: 'limit', limit: price(parameters, spread + off) };
      await caller.put(`/v1/roll-instructions/${product}`, instruction);
    },
  );
}

/** Has every participant look at the market and send what it wants. Gives what was answered. */
export async function sendOrders(
  run: Known,
  desks: readonly Desk[],
  day: Pick<TradingDay, 'date' | 'rounds'>,
  round: Round,
  reserves: Reserves,
): Promise<Sent[]> {
  const { terms, spot, offers, tenths } = run;
  const { product, parameters } = terms;
  const prices = await readPrices(desks[0]!.caller, product, day.date, parameters.priceDecimals);
  const market: Market = {
    ...prices,
    product,
    priceDecimals: parameters.priceDecimals,
    date: day.date,
    round: day.rounds.indexOf(round),
    closing: round.closing,
    worth: worthOf(spot, day.date, prices.listed, parameters, tenths),
    offers: new Map((offers.get(day.date) ?? []).map((row) => [row.provider, row])),
  };
  const isCutBack = ({ participant }: Desk): boolean => reserves.cutBack.has(participant.account);
  const coming = desks.filter((desk) => isCutBack(desk) || desk.participant.comesTo(market));
  const answers = await atOnce(coming, async (desk): Promise<Sent | undefined> => {
    const { participant, caller } = desk;
    const own = await lookUp(market, participant, caller);
    const orders = isCutBack(desk) ? cutBack(market, own) : participant.decide(market, own);
    if (orders.length === 0) return undefined;
    const key = participant.random.key(round.ordersAt);
    const answer = (await caller.post('/v1/submissions', { product, orders }, key)) as { submission: string };
    return { account: participant.account, key, submission: answer.submission, entries: orders.length };
  });
  return answers.filter((answer) => answer !== undefined);
}

async function lookUp(market: Market, participant: Participant, caller: Caller): Promise<Own> {
  const { positions } = (await caller.get('/v1/positions')) as { positions: { contract: string; lots: number }[] };
  const orders =
    participant.looksUp === 'positions'
      ? []
      : ((await caller.get(`/v1/orders?product=${market.product}&limit=500`)) as { items: OwnOrder[] }).items;
  return {
    orders,
    positions: new Map(
      positions.map((held): [ContractMonth, Lots] => [parseContractCode(held.contract)!.month, lots(held.lots)]),
    ),
  };
}

/** Asks for the outcomes of a few submissions, as their senders would. */
async function sampleOutcomes({ seed }: Run, desks: readonly Desk[], sent: readonly Sent[]): Promise<SampledOutcome[]> {
  if (sent.length === 0) return [];
  const chance = random(seed, `sample of ${sent[0]!.key}`);
  const chosen = new Set(Array.from({ length: SAMPLED_A_ROUND }, () => chance.pick(sent)));
  return atOnce([...chosen], async ({ account, submission }) => {
    const desk = desks.find(({ participant }) => participant.account === account)!;
    const answer = await desk.caller.get(`/v1/submissions/${encodeURIComponent(submission)}`);
    const { state, orders = [] } = answer as { state: string; orders?: { outcome: string; reason?: string }[] };
    return { submission, state, outcomes: orders.map(({ outcome, reason }) => reason ?? outcome) };
  });
}
