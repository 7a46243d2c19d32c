/** Publishing an index value that two operators have agreed to: once and for good, and the day run is told each time. */
import type { BusinessDate } from '../../lib/domain/contract/calendar.ts';
import { formatIndex } from '../../lib/domain/contract/product.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { publishIndex, readIndexValue } from '../../lib/store/index-values.ts';
import { Problem } from '../http/problems.ts';
import { type Answered, logAccess, ok } from '../http/routes.ts';
import type { OperatorRequest } from './operator.ts';

type Published = Answered<200, ReturnType<typeof valueJson>>;

/** Publishes the value and notifies the day run, which may be waiting for it. */
export async function publish(
  request: OperatorRequest,
  product: string,
  date: BusinessDate,
  value: Micros,
  by: readonly string[],
): Promise<Published | Problem> {
  if (!(await publishIndex(request.backends.table, product, date, value, by))) {
    const standing = await readIndexValue(request.backends.table, product, date);
    return answerPublished(request, product, date, value, standing!.value);
  }
  logAccess(request, 'index value published', { product, date });
  await notifyDayRun(request, product);
  return ok(valueJson(product, date, value));
}

export async function answerPublished(
  request: OperatorRequest,
  product: string,
  date: BusinessDate,
  value: Micros,
  standing: Micros,
): Promise<Published | Problem> {
  if (value !== standing) return new Problem('index-published', `the value of ${date} is published and stays`);
  await notifyDayRun(request, product);
  return ok(valueJson(product, date, value));
}

export const notifyDayRun = ({ backends }: OperatorRequest, product: string): Promise<void> =>
  backends.queues.notify('day-runs', { v: 1, product });

const valueJson = (product: string, date: BusinessDate, value: Micros) => ({ product, date, value: formatIndex(value) });
