/**
 * A market that lives: the simulation's participants trade beside its user, on the real prices of autumn 2025 replayed from the day
 * it began, through auction after auction, while the operators publish the index and see every day run to its end. Time passes as it
 * does, or is played: the clock then jumps from one event to the next, and nothing on the way is left out.
 */
import type { Caller, Exchange } from '../client/exchange.ts';
import { rollDay } from '../domain/clearing/roll.ts';
import { addDays, type BusinessDate, instantOf, isBusinessDay, localDate } from '../domain/contract/calendar.ts';
import { parseDecimal } from '../domain/contract/units.ts';
import type { ProductSchedule } from '../infra/deployment.ts';
import { NO_CRASH } from './crash.ts';
import { type Round, roundsOf } from './days.ts';
import { Reserves } from './margin-calls.ts';
import { type DayReport, Operators, type RunningVenue, TOKEN_SECONDS } from './operator.ts';
import { PARAMETERS } from './parameters.ts';
import type { Participant } from './population.ts';
import { type OffersByDay, replayed, type Spot } from './prices.ts';
import { type Desk, instructRolls, sendOrders } from './trading.ts';

export interface Living {
  readonly schedule: ProductSchedule;
  /** None in a market that its user has alone. */
  readonly participants: readonly Participant[];
  /** The day of its first price. */
  readonly since: BusinessDate;
  readonly spot: Spot;
  readonly offers: OffersByDay;
  readonly nowMs: () => number;
  /** Everything up to here has been done by an earlier start. */
  readonly doneUntilMs: number;
}

/** What happens at an instant. */
interface Turn {
  readonly atMs: number;
  readonly date: BusinessDate;
  readonly does: 'publish' | 'orders' | 'auction' | 'closing';
  /** The auction that it is of; of what is published, the first of the day. */
  readonly round: Round;
  readonly rounds: readonly Round[];
}

/** How far to play. */
export type PlayTo = 'auction' | 'day' | 'roll' | { readonly instantMs: number };

const PUBLISHED = '09:00';
/** Days that the participants remember prices of. */
const REMEMBERED_DAYS = 60;
/** Further than this nothing is looked for: holidays are known for a few years. */
const DAYS_AHEAD_MAX = 400;

export class LivingMarket {
  readonly #living: Living;
  readonly #venue: RunningVenue;
  readonly #operators: Operators;
  readonly #desks: readonly Desk[];
  readonly #reader: Caller;
  readonly #reserves: Reserves;
  #doneUntilMs: number;
  #turns: Promise<unknown> = Promise.resolve();

  private constructor(living: Living, venue: RunningVenue, operators: Operators, desks: readonly Desk[], reader: Caller) {
    this.#living = living;
    this.#venue = venue;
    this.#operators = operators;
    this.#desks = desks;
    this.#reader = reader;
    this.#reserves = new Reserves(living.participants);
    this.#doneUntilMs = living.doneUntilMs;
  }

  /** Opens and pays the participants that are not there yet, and switches their rolls on. The product is listed; `reader` is any participant. */
  static async open(
    living: Living,
    venue: RunningVenue,
    exchange: Exchange,
    { reader, seeded }: { readonly reader: Caller; readonly seeded: boolean },
  ): Promise<LivingMarket> {
    const { participants, schedule } = living;
    const operators = await Operators.sign(venue, exchange, schedule.code);
    const desks: Desk[] = [];
    for (const participant of participants) {
      const { account } = participant;
      const token = await venue.mint({ sub: `${account}-trader`, account, expiresIn: TOKEN_SECONDS });
      desks.push({ participant, caller: exchange.as(token) });
    }
    if (!seeded && participants.length > 0) {
      await operators.open(participants);
      await instructRolls(
        { product: schedule.code, parameters: PARAMETERS },
        desks,
        localDate(living.nowMs(), schedule.timeZone),
      );
    }
    return new LivingMarket(living, venue, operators, desks, reader);
  }

  /** Up to where everything has been done. */
  get doneUntilMs(): number {
    return this.#doneUntilMs;
  }

  /** The instant that playing to there ends at, milliseconds. */
  endOf(to: PlayTo): number {
    if (typeof to === 'object') return to.instantMs;
    for (const turn of this.#ahead()) if (isEnd(turn, to)) return turn.atMs;
    throw new Error('nothing is scheduled in the year ahead');
  }

  /**
   * Does everything that is due up to an instant, moving the clock where it has not come so far. One call at a time: another waits.
   * `onTurn` gets a line of what happened; with `pace`, so many of the market's milliseconds pass in one.
   */
  playUntil(untilMs: number, onTurn: (line: string) => void, pace?: number): Promise<void> {
    const played = this.#turns.then(() => this.#playUntil(untilMs, onTurn, pace));
    this.#turns = played.catch(() => {});
    return played;
  }

  async #playUntil(untilMs: number, onTurn: (line: string) => void, pace: number | undefined): Promise<void> {
    for (const turn of this.#ahead()) {
      if (turn.atMs > untilMs) break;
      await this.#moveTo(turn.atMs, pace);
      // One that fails, as under a halt, must not keep the market from what comes after it.
      const line = await this.#take(turn).catch((error: Error) => `${turn.date} ${turn.does}: ${error.message.split('\n')[0]}`);
      if (line !== undefined) onTurn(line);
      this.#doneUntilMs = turn.atMs;
    }
    await this.#moveTo(untilMs, pace);
  }

  async #moveTo(atMs: number, pace: number | undefined): Promise<void> {
    const { nowMs } = this.#living;
    while (pace !== undefined && nowMs() < atMs) {
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
      await this.#venue.advanceTo(Math.min(atMs, nowMs() + STEP_MS * pace));
    }
    if (nowMs() < atMs) await this.#venue.advanceTo(atMs);
  }

  async #take(turn: Turn): Promise<string | undefined> {
    const { date, does, round } = turn;
    switch (does) {
      case 'publish':
        await this.#publish(date);
        return undefined;
      case 'orders':
        await this.#trade(turn);
        return undefined;
      case 'auction':
        await this.#venue.quiet();
        return this.#auctionLine(date, round);
      case 'closing':
        return this.#close(date, round);
    }
  }

  /** The values of this day and of those without trading before it; what has been published stays. */
  async #publish(date: BusinessDate): Promise<void> {
    const { participants, spot, since } = this.#living;
    if (participants.length === 0) return;
    for (let day = sinceLast(date); ; day = addDays(day, 1)) {
      const value = replayed(spot, since, day);
      if (day >= since) await this.#operators.publish({ date: day, value, at: 0 });
      if (day === date) break;
    }
    const calls = (await this.#operators.calls()).map(({ account, amount }) => ({ account, cents: parseDecimal(amount, 2)! }));
    await this.#operators.receive(this.#reserves.answer(calls), `call-${date}`);
  }

  async #trade({ date, round, rounds }: Turn): Promise<void> {
    const { spot, offers, since, schedule } = this.#living;
    // A market that was stopped has let auctions go by: their orders are not sent now.
    if (this.#desks.length === 0 || round.due < this.#living.nowMs()) return;
    const days = Array.from({ length: REMEMBERED_DAYS }, (_, ago) => addDays(date, ago - REMEMBERED_DAYS + 1));
    const known = days.filter((day) => day >= since).map((day) => [day, replayed(spot, since, day)] as const);
    const run = {
      terms: { product: schedule.code, parameters: PARAMETERS },
      spot: new Map(known),
      offers: new Map([[date, replayed(offers, since, date)]]),
      tenths: NO_CRASH,
    };
    await sendOrders(run, this.#desks, { date, rounds }, round, this.#reserves);
  }

  async #auctionLine(date: BusinessDate, { due }: Round): Promise<string> {
    const { schedule } = this.#living;
    const { items } = (await this.#reader.get(`/v1/auctions?product=${schedule.code}&limit=1`)) as { items: Cleared[] };
    const cleared = items[0];
    const when = `${date} ${clock(due, schedule.timeZone)}`;
    if (!cleared || Date.parse(cleared.slot) !== due) return `${when}  no auction: look at the terminal of npm start`;
    const traded = cleared.months.filter((month) => month.traded);
    const months = traded.map(
      ({ contract, price, volume }) => `${contract.slice(schedule.code.length + 1)} ${price} x ${volume}`,
    );
    return `${when}  auction ${cleared.auction}: ${months.join(', ') || 'nothing traded'}`;
  }

  async #close(date: BusinessDate, round: Round): Promise<string> {
    await this.#venue.quiet();
    if (this.#desks.length === 0)
      return `${date} ${clock(round.due, this.#living.schedule.timeZone)}  closing: the day run is under way`;
    const report = await this.#operators.endDay(date);
    return closingLine(date, report, this.#living.schedule);
  }

  /** What is to come, in order, from what has been done on. */
  *#ahead(): Generator<Turn> {
    const { schedule } = this.#living;
    const first = localDate(this.#doneUntilMs, schedule.timeZone);
    for (let ahead = 0, date = first; ahead < DAYS_AHEAD_MAX; ahead++, date = addDays(date, 1)) {
      if (!isBusinessDay(PARAMETERS.calendar, date)) continue;
      for (const turn of turnsOf(schedule, date)) if (turn.atMs > this.#doneUntilMs) yield turn;
    }
  }
}

const STEP_MS = 250;

interface Cleared {
  readonly auction: number;
  readonly slot: string;
  readonly months: readonly { contract: string; price: string; volume: number; traded: boolean }[];
}

function turnsOf({ auctions, dayRun, timeZone }: ProductSchedule, date: BusinessDate): Turn[] {
  const rounds = roundsOf(date, [...auctions, dayRun], timeZone);
  const publish: Turn = { atMs: instantOf(date, PUBLISHED, timeZone), date, does: 'publish', round: rounds[0]!, rounds };
  const trades = rounds.flatMap((round): Turn[] => [
    { atMs: round.ordersAt, date, does: 'orders', round, rounds },
    { atMs: round.due, date, does: round.closing ? 'closing' : 'auction', round, rounds },
  ]);
  return [publish, ...trades].sort((a, b) => a.atMs - b.atMs);
}

function isEnd({ does, date }: Turn, to: 'auction' | 'day' | 'roll'): boolean {
  if (to === 'auction') return does === 'auction' || does === 'closing';
  return does === 'closing' && (to === 'day' || rollDay(PARAMETERS.calendar, date) !== undefined);
}

/** The first day after the last business day before this one. */
function sinceLast(date: BusinessDate): BusinessDate {
  let day = date;
  while (!isBusinessDay(PARAMETERS.calendar, addDays(day, -1))) day = addDays(day, -1);
  return day;
}

const clock = (atMs: number, timeZone: string): string => new Date(atMs).toLocaleTimeString('sv-SE', { timeZone }).slice(0, 5);

function closingLine(date: BusinessDate, report: DayReport, { code, dayRun }: ProductSchedule): string {
  const { near, settled, openInterest, roll, expired } = report;
  const month = (contract: string): string => contract.slice(code.length + 1);
  const rolled = roll ? `; rolled ${roll.longsRolled} lots at ${roll.price}` : '';
  const ended = expired ? `; ${month(expired.contract)} expired at ${expired.finalPrice}` : '';
  return `${date} ${dayRun}  closed: near ${month(near)} settled at ${settled[near]}, open interest ${openInterest[near]}${rolled}${ended}`;
}
