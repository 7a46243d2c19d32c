/** Requests of a heavy caller in one minute, added up over the processes that saw them. */
import { rateKey } from './keys.ts';
import { integer, N, type Table } from './table.ts';

/** Nothing asks for a minute once it is over; the table may take days to delete it. */
const KEPT_MS = 3_600_000;

/** Adds to the count of a minute, which begins at `minuteMs`; gives the sum. An addition that is repeated counts twice. */
export async function addRequests(table: Table, caller: string, minuteMs: number, requests: number): Promise<number> {
  const item = await table.update(rateKey(caller, minuteMs), {
    expression: 'SET expiresAt = :expires ADD requests :requests',
    values: { ':requests': N(requests), ':expires': N((minuteMs + KEPT_MS) / 1000) },
  });
  return integer(item!, 'requests');
}
