/** How long a test or a hook may take, here and in CI, on a machine that has other work too. */
export const TEST_TIMEOUT_MS = 180_000;
