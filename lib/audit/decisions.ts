/**
 * Every submission decided again, on the accounts as of the event that it says it was decided on, and on what its owner had sent before it.
 * One that came too late, or was one too many, is taken as it stands: when it arrived is not stored.
 */
import { AccountIntake, countsForNothing } from '../domain/auction/account-intake.ts';
import { byArrival } from '../domain/auction/open-orders.ts';
import { type AccountState, emptyAccount } from '../domain/clearing/account.ts';
import { intakeTerms, OwnerIntake, ownerStateOf } from '../domain/clearing/owner-intake.ts';
import type { ProductState, VenueState } from '../domain/clearing/venue.ts';
import { ownerOf } from '../domain/contract/owner.ts';
import { readCarriedOf } from '../store/results.ts';
import { type Submission, submissionIn } from '../store/submissions.ts';
import { canonical } from './canonical.ts';
import type { Finding } from './finding.ts';
import { rowName, type VenueRows } from './rows.ts';

interface Sent {
  readonly row: string;
  readonly submission: Submission;
}

/** What an owner has sent for a product, in order of arrival, and its intakes as far as they have been decided again. */
interface Sender {
  readonly sent: Sent[];
  /** Of these, how many have been decided again. */
  decided: number;
  intake: { readonly own: OwnerIntake; readonly lastAuction: number; readonly open: number } | undefined;
}

export class Decisions {
  readonly faults: Finding[] = [];
  checked = 0;
  readonly #rows: VenueRows;
  /** By the event that they are decided on, the owners that have sent something then. */
  readonly #at = new Map<number, Set<Sender>>();
  readonly #accounts = new Map<string, string[]>();
  #known = 0;

  /** `faulty` names rows that are not as they were written: what would come of them is not known. */
  constructor(rows: VenueRows, faulty: ReadonlySet<string>) {
    this.#rows = rows;
    const senders = new Map<string, Sender>();
    for (const item of rows.ofKind('BOOK')) {
      const row = rowName(item);
      if (faulty.has(row)) continue;
      try {
        const submission = submissionIn(item);
        const { product, account, decidedOn } = submission;
        const name = `${product} ${ownerOf(account)}`;
        const sender = senders.get(name) ?? { sent: [], decided: 0, intake: undefined };
        senders.set(name, sender);
        sender.sent.push({ row, submission });
        this.#at.set(decidedOn, (this.#at.get(decidedOn) ?? new Set()).add(sender));
      } catch (error) {
        this.faults.push({ row, what: `can't be read: ${(error as Error).message}` });
      }
    }
    // By auction first: places in a queue say nothing of those that were moved here from another.
    for (const { sent } of senders.values())
      sent.sort(({ submission: a }, { submission: b }) => a.auction - b.auction || byArrival(a, b));
  }

  /** Decides what was decided on event `seq`; the venue and the accounts are as of it. */
  async decide(seq: number, venue: VenueState, accounts: ReadonlyMap<string, AccountState>): Promise<void> {
    for (const sender of this.#at.get(seq) ?? [])
      for (let next = sender.sent[sender.decided]; next?.submission.decidedOn === seq; next = sender.sent[sender.decided]) {
        try {
          await this.#decideOne(sender, next, venue, accounts);
        } catch (error) {
          this.faults.push({ row: next.row, what: `can't be decided again: ${(error as Error).message}` });
          sender.intake = undefined;
        }
        sender.decided++;
      }
  }

  /** Those that were never come to: of an event that the log does not have, or of one before what their owner had sent until then. */
  end(): void {
    for (const sender of new Set([...this.#at.values()].flatMap((each) => [...each])))
      for (const { row, submission } of sender.sent.slice(sender.decided))
        this.faults.push({ row, what: `is decided on event ${submission.decidedOn}, which is not where it stands in the book` });
  }

  async #decideOne(
    sender: Sender,
    { row, submission }: Sent,
    venue: VenueState,
    accounts: ReadonlyMap<string, AccountState>,
  ): Promise<void> {
    this.checked++;
    const { product, account, auction, receivedAt, outcomes } = submission;
    if (countsForNothing(outcomes)) return;
    const state = venue.products[product];
    if (!state || auction <= state.lastAuction) {
      this.faults.push({ row, what: `is decided on event ${venue.seq}, in which auction ${auction} was not to come` });
      return;
    }
    const owner = ownerStateOf(venue, state, this.#statesOf(account, accounts), account);
    const own = await this.#intakesOf(sender, state, auction, [account, ...owner.accounts.keys()]);
    // Which switches stood then is not kept; that one did is, with the submission.
    const terms = intakeTerms(state, receivedAt, { open: auction, openedAt: '', stopped: submission.stopped === true });
    const decision = own.take(account, { ...submission, enqueuedAt: Date.parse(receivedAt) }, terms, owner);
    for (const what of ['outcomes', 'figures'] as const)
      if (canonical(submission[what]) !== canonical(decision[what])) {
        const [stored, due] = [canonical(submission[what]), canonical(decision[what])];
        this.faults.push({ row, what: `${what}: the book says ${stored}, the rules on event ${venue.seq} say ${due}` });
        // What follows is decided on what stands in the book.
        sender.intake = undefined;
      }
  }

  /** The intakes of accounts as of what the owner has sent so far. */
  async #intakesOf(sender: Sender, state: ProductState, open: number, accounts: readonly string[]): Promise<OwnerIntake> {
    const { product, lastAuction, carried } = state;
    const known = sender.intake;
    const own = known?.lastAuction === lastAuction && known.open === open ? known.own : new OwnerIntake();
    for (const account of accounts) {
      if (own.intakeOf(account)) continue;
      const before = sender.sent.slice(0, sender.decided).filter(({ submission }) => submission.account === account);
      const auctions = Array.from({ length: open - lastAuction }, (_, at) =>
        before.filter(({ submission }) => submission.auction === lastAuction + 1 + at).map(({ submission }) => submission),
      );
      own.set(account, new AccountIntake(await readCarriedOf(this.#rows, product, carried, account), auctions));
    }
    sender.intake = { own, lastAuction, open };
    return own;
  }

  #statesOf(account: string, accounts: ReadonlyMap<string, AccountState>): AccountState[] {
    if (this.#known !== accounts.size) {
      this.#accounts.clear();
      for (const name of accounts.keys()) this.#accounts.set(ownerOf(name), [...(this.#accounts.get(ownerOf(name)) ?? []), name]);
      this.#known = accounts.size;
    }
    const names = new Set([account, ...(this.#accounts.get(ownerOf(account)) ?? [])]);
    return [...names].map((name) => accounts.get(name) ?? emptyAccount(name));
  }
}
