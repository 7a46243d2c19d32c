/** The log as operators see it: what it says of orders that live on is left out, and the hashes are of the whole text. */
import { expect, test } from 'vitest';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { type AuctionCleared, NO_REFERENCES } from '../../lib/domain/clearing/events.ts';
import { lots, ticks } from '../../lib/domain/contract/units.ts';
import { append, chain, encodeEvent, loadVenue } from '../../lib/store/log.ts';
import { openApiVenue } from '../venue/api-venue.ts';
import { opened } from '../venue/events.ts';
import { newYork, on, PRODUCT } from '../venue/h100.ts';
import { ask, operator } from '../venue/requests.ts';

const { table } = await openApiVenue({ shards: 2, accounts: {} });

test('the quotes that settlement needs of orders that are carried on are in the event and not in the answer', async () => {
  const venue = await loadVenue(table);
  const { marks, listed } = venue.products[PRODUCT]!;
  const sealed = { sealedBid: ticks(1234), sealedOffer: ticks(4321) };
  const month = { traded: false, volume: lots(0), bid: ticks(1111), offer: null };
  const months = Object.fromEntries(listed.map((each) => [each, { price: marks[each]!, ...month, ...sealed }]));
  const date = on('2025-10-20');
  const common = {
    product: PRODUCT,
    auction: 1,
    slot: newYork(date, '10:00'),
    date,
    books: on('2025-10-20'),
    closing: false,
    marks,
    months,
  };
  const stored = {
    orders: 1,
    fills: NO_REFERENCES,
    carried: { shards: 1, roots: { 0: 'f'.repeat(32) } },
    depth: null,
    surplus: '0',
  };
  const event: AuctionCleared = { kind: 'auction-cleared', ...common, ...stored };
  await append(table, venue, event);
  const { body } = await ask(operatorApi, 'GET /v1/operator/log', {
    claims: operator('olga'),
    query: { after: `${venue.seq}` },
  });
  expect(body.items).toHaveLength(1);
  expect(JSON.stringify(body)).not.toMatch(/sealed|1234|4321/);
  expect(body.items[0].hash).toBe(chain(venue.hash, encodeEvent(event)));
  const { months: shown, ...rest } = body.items[0].event;
  expect({ ...rest, months }).toEqual(event);
  expect(shown[listed[0]!]).toEqual({ price: marks[listed[0]!], ...month });
});

test('a page of long events ends before its limit, so that no answer is larger than a function may give', async () => {
  const { seq } = await loadVenue(table);
  const [EVENTS, LISTED] = [60, 98];
  for (let event = 0; event < EVENTS; event++) {
    const accounts = Array.from({ length: LISTED }, (_, at) => ({ account: `long-${event}-${at}`, name: 'x'.repeat(200) }));
    await append(table, await loadVenue(table), { ...opened(), accounts });
  }
  const pages: number[][] = [];
  for (let from: Record<string, string> | undefined = { after: `${seq}` }; from !== undefined; ) {
    const query: Record<string, string> = { ...from, limit: '500' };
    const { body } = await ask(operatorApi, 'GET /v1/operator/log', { claims: operator('olga'), query });
    pages.push(body.items.map((item: { seq: number }) => item.seq));
    from = body.next === undefined ? undefined : { cursor: body.next };
  }
  expect(pages.length).toBe(2);
  expect(pages.flat()).toEqual(Array.from({ length: EVENTS }, (_, at) => seq + 1 + at));
});
