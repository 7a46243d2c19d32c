/**
 * Many writers and one place: of those that decide on the same state one commits, and the others look again. They do so each at a moment
 * of its own, or the same ones would meet at every attempt, and the last of sixty be given up before its turn.
 */

/** With the pauses between them six seconds, and an operator's request has ten. */
const ATTEMPTS_MAX = 24;
/** The longest that the first pause may be. Each may be twice as long as the one before, up to where a commit always finds room. */
const FIRST_PAUSE_MS_MAX = 20;
const PAUSE_MS_MAX = 640;

/**
 * Repeats a decision until it is committed. An attempt that gives `undefined` has found that another writer was first; the next
 * one decides again, on what stands by then. `inVain` is what comes of so many attempts, by default an error.
 */
export async function untilCommitted<T>(attempt: () => Promise<T | undefined>, inVain: () => T = giveUp): Promise<T> {
  for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts++) {
    if (attempts > 0) await pause(Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS_MAX * 2 ** (attempts - 1)));
    const done = await attempt();
    if (done !== undefined) return done;
  }
  return inVain();
}

const pause = (msMax: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * msMax));

function giveUp(): never {
  throw new Error(`another writer was first ${ATTEMPTS_MAX} times in a row`);
}
