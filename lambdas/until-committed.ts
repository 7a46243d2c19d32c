/** Writers commit a few times a minute: that many attempts in vain mean that something is wrong. */
const ATTEMPTS_MAX = 20;

/**
 * Repeats a decision until it is committed. An attempt that gives `undefined` has found that another writer was first; the next
 * one decides again, on what stands by then. `inVain` is what comes of twenty such attempts, by default an error.
 */
export async function untilCommitted<T>(attempt: () => Promise<T | undefined>, inVain: () => T = giveUp): Promise<T> {
  for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts++) {
    const done = await attempt();
    if (done !== undefined) return done;
  }
  return inVain();
}

function giveUp(): never {
  throw new Error(`another writer was first ${ATTEMPTS_MAX} times in a row`);
}
