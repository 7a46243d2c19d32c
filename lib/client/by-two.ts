/** Two operators who agree: what one asks for and the venue holds, the other approves as it was proposed. */
import type { Caller } from './exchange.ts';

/** What is held until a second operator approves it, as the venue answers: where to approve it, and as it stood at which revision. */
interface Waiting {
  readonly approve: string;
  readonly revision: number;
}

const isWaiting = (answer: unknown): answer is Waiting => typeof answer === 'object' && answer !== null && 'approve' in answer;

/** A caller whose writes are done when it answers, by two names where they need two. May be repeated, as the first's own may. */
export function byTwo(first: Caller, second: Caller): Caller {
  const agreed = async (asked: Promise<unknown>): Promise<unknown> => {
    const answer = await asked;
    return isWaiting(answer) ? second.post(answer.approve, { revision: answer.revision }) : answer;
  };
  return {
    ...first,
    put: (path, body) => agreed(first.put(path, body)),
    post: (path, body, key) => agreed(first.post(path, body, key)),
  };
}
