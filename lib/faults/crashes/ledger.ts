/**
 * What the clients of the market sent, and what was answered. An answer is a promise: what stands here as answered must be
 * in the books at the end, exactly once. What was never answered may be there once or not at all.
 */
export interface Sent {
  readonly account: string;
  readonly key: string;
  readonly product: string;
  readonly orders: readonly Readonly<Record<string, unknown>>[];
  /** Name of the submission, from the answer 202. */
  submission?: string;
  /** Its place among the answers that its account's one sender got, one after the other. */
  answered?: number;
}

export interface Call {
  readonly method: 'PUT' | 'POST';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  answered?: boolean;
}

/** Everything sent in a crash test, in order. */
export class Ledger {
  readonly submissions: Sent[] = [];
  readonly calls: Call[] = [];
  /** Answers so far, to submissions and to operators' calls. */
  answers = 0;

  sent(submission: Omit<Sent, 'submission' | 'answered'>): Sent {
    this.submissions.push(submission);
    return submission;
  }

  answer(sent: Sent, submission: string): void {
    sent.submission = submission;
    sent.answered = ++this.answers;
  }

  called(call: Call): Call {
    this.calls.push(call);
    return call;
  }

  done(call: Call): void {
    call.answered = true;
    this.answers += 1;
  }

  get answered(): Sent[] {
    return this.submissions.filter(({ submission }) => submission !== undefined);
  }

  get answeredCalls(): Call[] {
    return this.calls.filter(({ answered }) => answered);
  }
}
