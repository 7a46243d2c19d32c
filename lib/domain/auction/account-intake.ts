/**
 * Accept, the rule of it: what becomes of an account's next submission. It follows from the account's open orders and from
 * what the account has sent into the open auction so far, which is kept here and brought up to date in place, so that the
 * next submission costs the same whether it is the second or the ten thousandth.
 */
import type { BookOrder } from './book.ts';
import { type Alternatives, bySequence, type DecidedSubmission, type Judge, type OpenOrders, openOrders } from './open-orders.ts';
import type { Instruction, OrderTerms, Outcome, TakenOutBy } from './orders.ts';
import { SUBMIT_MS_MAX } from './submission.ts';

/** A submission in the book, with when the gateway received it, ISO. */
export interface ReceivedSubmission extends DecidedSubmission {
  readonly receivedAt: string;
}

/** A submission as it comes out of its queue. */
export interface ArrivingSubmission {
  readonly instructions: readonly Instruction[];
  readonly sequence: string;
  /** When the gateway received it, ISO. */
  readonly receivedAt: string;
  /** When it was put into the queue it came out of, milliseconds since 1970. */
  readonly enqueuedAt: number;
  /** It is a cancel of all that takes the account's orders out for this reason, and no other submission. */
  readonly why?: TakenOutBy | undefined;
}

export interface IntakeTerms extends Omit<OrderTerms, 'cancelsOnly'> {
  readonly submissionsMax: number;
  /** When the marker that cut the auction before was sent, ISO; empty before the first. */
  readonly openedAt: string;
  /** Whether the account's margin call is overdue. */
  readonly overdue?: boolean;
}

/**
 * Instructions that an account may send into one auction, for each order that it may have live: enough to replace all of them
 * nine times. Without it, a submission being as good as five hundred, what has to be read of an account would have no bound.
 */
const INSTRUCTIONS_A_LIVE_ORDER = 10;
/** Cancels are taken up to so many times the limits on submissions and instructions. */
const CANCELS_BEYOND = 2;

export class AccountIntake {
  readonly #open: OpenOrders;
  /** Submissions into the open auction that count, and the instructions in them. */
  #submissions = 0;
  #instructions = 0;
  #receivedAt = '';
  #sequence = '';

  /** As `openOrders` is given them: the last of `auctions` is the open one. */
  constructor(carried: readonly BookOrder[], auctions: readonly (readonly ReceivedSubmission[])[]) {
    const counted = auctions.map((submissions) => submissions.filter(({ outcomes }) => !countsForNothing(outcomes)));
    this.#open = openOrders(carried, counted);
    counted.forEach((submissions, at) => {
      for (const submission of submissions) this.#note(submission, at === auctions.length - 1);
    });
  }

  /** The place in the queue of the last submission that counts; empty before the first. */
  get sequence(): string {
    return this.#sequence;
  }

  /** The latest time at which the gateway received one that counts in the open auction, ISO; empty before the first. */
  get receivedAt(): string {
    return this.#receivedAt;
  }

  /** Orders and names held in memory. */
  get size(): number {
    return this.#open.size;
  }

  /** All of the account's orders that may still trade. */
  mayTrade(): Iterable<Alternatives> {
    return this.#open.mayTrade();
  }

  /** Takes in those of the submissions into the open auction that arrived after the last one known here. */
  catchUp(submissions: readonly ReceivedSubmission[]): void {
    const arrived = submissions.filter(
      (submission) => !countsForNothing(submission.outcomes) && bySequence(submission.sequence, this.#sequence) > 0,
    );
    for (const submission of arrived.sort((a, b) => bySequence(a.sequence, b.sequence))) {
      this.#open.replay(submission);
      this.#note(submission, true);
    }
  }

  /** Decides a submission and takes it in. A caller that can't be sure that it was then stored must let go of this account intake. */
  take(submission: ArrivingSubmission, terms: IntakeTerms, judge?: Judge): Outcome[] {
    const { instructions, why } = submission;
    const takesAllOut = this.#takesAllOut(instructions);
    // While the stop stands, or the account's margin call is overdue, what is taken out is gone however late that comes.
    const isDue = (why === 'kill-switch' && terms.stopped === true) || (terms.overdue === true && takesAllOut);
    const late = isDue ? undefined : this.#lateness(submission, terms.openedAt);
    if (late) return instructions.map(() => late);
    // And however much was sent, as when a dead-man's switch has run out: a flood before it must not keep orders in.
    const countsFor = isDue || (why === 'dead-mans-switch' && takesAllOut);
    if (!countsFor && this.#isBeyond(terms, CANCELS_BEYOND)) return instructions.map(() => 'too-many-submissions');
    const cancelsOnly = this.#isBeyond(terms, 1);
    const outcomes = this.#open.decide(instructions, { ...terms, cancelsOnly }, judge);
    if (!countsForNothing(outcomes)) this.#note({ ...submission, outcomes }, true);
    return outcomes;
  }

  /** A second one would find nothing: an account that is beyond its limits gets no order in. */
  #takesAllOut(instructions: readonly Instruction[]): boolean {
    return this.#open.orders.size > 0 && instructions.length === 1 && instructions[0]!.kind === 'cancel-all';
  }

  #isBeyond({ submissionsMax, liveOrdersMax }: IntakeTerms, times: number): boolean {
    const instructionsMax = INSTRUCTIONS_A_LIVE_ORDER * liveOrdersMax;
    return this.#submissions >= times * submissionsMax || this.#instructions >= times * instructionsMax;
  }

  /**
   * What comes back from a dead-letter queue must not be matched in a later auction than it was sent for, and must not undo
   * what its sender has said since: that was said without it. At the same instant, which came first is not known.
   */
  #lateness({ receivedAt, enqueuedAt }: ArrivingSubmission, openedAt: string): (typeof LATE)[number] | undefined {
    if (enqueuedAt - Date.parse(receivedAt) <= SUBMIT_MS_MAX) return undefined;
    if (isNotAfter(receivedAt, openedAt)) return 'auction-closed';
    return isNotAfter(receivedAt, this.#receivedAt) ? 'overtaken' : undefined;
  }

  #note({ sequence, receivedAt, outcomes }: Omit<ReceivedSubmission, 'key' | 'instructions'>, isIntoOpen: boolean): void {
    if (bySequence(sequence, this.#sequence) > 0) this.#sequence = sequence;
    if (!isIntoOpen) return;
    this.#submissions++;
    this.#instructions += outcomes.length;
    if (this.#receivedAt === '' || !isNotAfter(receivedAt, this.#receivedAt)) this.#receivedAt = receivedAt;
  }
}

/** The outcomes of a submission that came too late: all its instructions have the same. */
const LATE = ['auction-closed', 'overtaken'] as const;

/** Whether a submission was refused for being one too many, with all that is in it: what it said need not be kept. */
export const isOneTooMany = (outcomes: readonly Outcome[]): boolean =>
  outcomes.length > 0 && outcomes.every((outcome) => outcome === 'too-many-submissions');

/** What came too late, or was one too many, changes nothing and is not counted. */
export const countsForNothing = (outcomes: readonly Outcome[]): boolean =>
  LATE.some((late) => late === outcomes[0]) || isOneTooMany(outcomes);

/** False when there is no second instant. */
const isNotAfter = (instant: string, other: string): boolean => other !== '' && Date.parse(instant) <= Date.parse(other);
