/** What is held, a page at a time, however much was ever held. */
import { beforeAll, expect, test } from 'vitest';
import { handler } from '../../lambdas/operator-api/index.ts';
import { type Held, propose } from '../../lib/domain/clearing/approval.ts';
import { addDays } from '../../lib/domain/contract/calendar.ts';
import { hold } from '../../lib/store/held.ts';
import { openApiVenue } from '../venue/api-venue.ts';
import { on, PRODUCT } from '../venue/h100.ts';
import { ask, operator } from '../venue/requests.ts';

const { table } = await openApiVenue({ shards: 2 });
const DAYS = 1_030;
/** Of each day one value is held; all but these are approved. */
const WAITING = [3, 4, 700, 1_028];

beforeAll(async () => {
  const held = Array.from({ length: DAYS }, (_, at): Held => {
    const one = propose(PRODUCT, addDays(on('2021-01-01'), at), { kind: 'index', micros: '1' }, [], 'olga');
    return WAITING.includes(at) ? one : { ...one, approvals: ['olga', 'omar'], revision: 2 };
  });
  for (let at = 0; at < DAYS; at += 50) await Promise.all(held.slice(at, at + 50).map((one) => hold(table, one)));
}, 30_000);

interface Page {
  readonly items: readonly { readonly held: string; readonly date: string; readonly approved: boolean }[];
  readonly next?: string;
}

async function list(query: Record<string, string>): Promise<Page> {
  const answer = await ask(handler, 'GET /v1/operator/held', { claims: operator('olga'), query });
  expect(answer.status).toBe(200);
  return answer.body;
}

async function pages(query: Record<string, string>): Promise<Page[]> {
  const all: Page[] = [];
  do all.push(await list({ ...query, ...(all.at(-1)?.next === undefined ? {} : { cursor: all.at(-1)!.next! }) }));
  while (all.at(-1)!.next !== undefined);
  return all;
}

const dates = (all: readonly Page[]): string[] => all.flatMap(({ items }) => items.map(({ date }) => date));

test('all of it comes in pages, each row once', async () => {
  const first = await list({ limit: '2' });
  expect(first.items.map(({ date }) => date)).toEqual(['2021-01-01', '2021-01-02']);
  const all = (await pages({ limit: '500' })).flatMap(({ items }) => items.map(({ held }) => held));
  // And the product that the venue lists.
  expect(all).toHaveLength(DAYS + 1);
  expect(new Set(all).size).toBe(DAYS + 1);
});

test.each(['1', '2', '3', '500'])('what waits is found among a thousand that are approved, %s at a time', async (limit) => {
  const found = await pages({ waiting: 'true', limit });
  expect(dates(found)).toEqual(WAITING.map((at) => addDays(on('2021-01-01'), at)));
  expect(found.flatMap(({ items }) => items).filter(({ approved }) => approved)).toEqual([]);
});

test.each(['false', '', '1', 'TRUE'])('waiting=%s is refused', async (waiting) => {
  const answer = await ask(handler, 'GET /v1/operator/held', { claims: operator('olga'), query: { waiting } });
  expect([answer.status, answer.body.errors]).toEqual([400, [{ path: '?waiting', rule: 'must be true' }]]);
});
