/** What a participant may do with a submission: send it again, send another under its key, send it at the last moment, cancel it. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Asked } from '../../lib/client/exchange.ts';
import type { FunctionName } from '../../lib/store/names.ts';
import type { Account } from '../venue/accounts.ts';
import { holdAt, kindOf } from '../venue/faults.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { codeOf } from '../venue/requests.ts';
import { outright } from '../venue/whole-venue.ts';

let venue: LocalVenue;
beforeAll(async () => {
  venue = await openLocalVenue({ listed: '2025-10-17', limits: { redeliveryMs: 5 } });
});
afterEach(() => venue.heal());
afterAll(async () => {
  await venue.expectSound();
  await venue[Symbol.asyncDispose]();
});

const MINUTE = 60_000;
const hold = (name: FunctionName, kind: string) => holdAt(venue, name, kind);
const buy = (product: string, id: string, lots = 1) => [outright(product, id, 'buy', lots, '2.430')];
/** The maker sells more than all others want, so that whatever was taken twice would also fill twice. */
const sellPlenty = (product: string) => venue.submit('maker', product, [outright(product, 's', 'sell', 100, '2.410')]);
/** Without what is each request's own. */
const answerOf = ({ status, body }: Asked): Asked => ({ status, body });
const queued = () => {
  const { ready, inflight } = venue.cloud.depths()['orders.fifo']!;
  return ready + inflight;
};

describe('client retry after 6 and 11 minutes', () => {
  it('is answered as the first was, from the book: SQS, which forgets after 5 minutes, is not asked', async () => {
    const product = 'RETRY';
    await venue.list(product);
    const key = venue.key();
    const first = await venue.submit('fund', product, buy(product, 'b'), key);
    await venue.cloud.quiet();
    let sent = 0;
    venue.faults.proxy = (request) => {
      if (kindOf(request) === 'SendMessage orders.fifo') sent++;
      return 'pass';
    };
    await venue.wait(6 * MINUTE);
    expect(answerOf(await venue.submit('fund', product, buy(product, 'b'), key))).toEqual(answerOf(first));
    await venue.wait(5 * MINUTE);
    expect(answerOf(await venue.submit('fund', product, buy(product, 'b'), key))).toEqual(answerOf(first));
    expect(first.status).toBe(202);
    expect(sent).toBe(0);
    await sellPlenty(product);
    await venue.auction(product);
    await venue.wait(60 * MINUTE);
    expect(answerOf(await venue.submit('fund', product, buy(product, 'b'), key))).toEqual(answerOf(first));
    expect(await venue.lots('fund', product)).toEqual({ '2025-12': 1 });
  });

  it('counts once when the first is still queued and SQS has forgotten it', async () => {
    const product = 'RETRY-QUEUED';
    await venue.list(product);
    const stuck = hold('accept-orders', 'PutItem BOOK');
    const key = venue.key();
    const first = await venue.submit('fund', product, buy(product, 'b'), key);
    await stuck.reached;
    await venue.cloud.advanceTo(venue.cloud.clock.now() + 4 * MINUTE);
    expect(answerOf(await venue.submit('fund', product, buy(product, 'b'), key))).toEqual(answerOf(first));
    expect(queued()).toBe(1);
    await venue.cloud.advanceTo(venue.cloud.clock.now() + 2 * MINUTE);
    expect(answerOf(await venue.submit('fund', product, buy(product, 'b'), key))).toEqual(answerOf(first));
    expect(queued()).toBe(2);
    stuck.release();
    await venue.cloud.quiet();
    await sellPlenty(product);
    await venue.auction(product);
    expect(await venue.fills('fund', product)).toMatchObject([{ clientOrderId: 'b', lots: 1 }]);
  });

  it('is the first when the first was lost: taken after 6 minutes, refused after 11, never both', async () => {
    const product = 'RETRY-LOST';
    await venue.list(product);
    venue.faults.proxy = (request) => (kindOf(request) === 'SendMessage orders.fifo' ? 'drop-before' : 'pass');
    const keys = [venue.key(), venue.key()];
    for (const key of keys) {
      const lost = await venue.submit('fund', product, buy(product, key.slice(-2)), key);
      expect([lost.status, codeOf(lost)]).toEqual([503, 'try-again']);
    }
    venue.heal();
    await venue.wait(6 * MINUTE);
    expect((await venue.submit('fund', product, buy(product, keys[0]!.slice(-2)), keys[0])).status).toBe(202);
    await venue.wait(5 * MINUTE);
    const stale = await venue.submit('fund', product, buy(product, keys[1]!.slice(-2)), keys[1]);
    expect([stale.status, codeOf(stale)]).toEqual([422, 'idempotency-key-stale']);
    await sellPlenty(product);
    await venue.auction(product);
    expect((await venue.fills('fund', product)).map(({ clientOrderId }) => clientOrderId)).toEqual([keys[0]!.slice(-2)]);
  });
});

describe('same key with another body', () => {
  it('is refused once the first is known, and the first stands', async () => {
    const product = 'OTHER';
    await venue.list(product);
    const key = venue.key();
    await venue.submit('fund', product, buy(product, 'b', 1), key);
    await venue.wait(2_000);
    const other = await venue.submit('fund', product, buy(product, 'b', 50), key);
    expect([other.status, codeOf(other)]).toEqual([422, 'idempotency-key-reused']);
    await sellPlenty(product);
    await venue.auction(product);
    expect(await venue.lots('fund', product)).toEqual({ '2025-12': 1 });
  });

  it('is refused at its status when both were under way, and the first in the queue stands', async () => {
    const product = 'OTHER-QUEUED';
    await venue.list(product);
    const stuck = hold('accept-orders', 'PutItem BOOK');
    const key = venue.key();
    const first = await venue.submit('fund', product, buy(product, 'b', 1), key);
    await stuck.reached;
    const other = await venue.submit('fund', product, buy(product, 'b', 50), key);
    expect([first.status, other.status]).toEqual([202, 202]);
    stuck.release();
    await venue.cloud.quiet();
    expect(await venue.outcome('fund', first)).toMatchObject({ state: 'decided', orders: [{ outcome: 'accepted' }] });
    const status = await venue.as.fund.ask('GET', (other.body as { status: string }).status);
    expect([status.status, codeOf(status)]).toEqual([422, 'idempotency-key-reused']);
    await sellPlenty(product);
    await venue.auction(product);
    expect(await venue.lots('fund', product)).toEqual({ '2025-12': 1 });
  });
});

describe('two first requests at once', () => {
  it('are one submission, with one answer', async () => {
    const product = 'AT-ONCE';
    await venue.list(product);
    const key = venue.key();
    const answers = await Promise.all(Array.from({ length: 8 }, () => venue.submit('fund', product, buy(product, 'b'), key)));
    expect(new Set(answers.map((answer) => JSON.stringify(answerOf(answer)))).size).toBe(1);
    expect(answers[0]!.status).toBe(202);
    await sellPlenty(product);
    await venue.auction(product);
    expect(await venue.fills('fund', product)).toMatchObject([{ lots: 1 }]);
  });

  it('with different orders: exactly one stands, and the other is refused', async () => {
    const product = 'AT-ONCE-OTHER';
    await venue.list(product);
    const key = venue.key();
    const sent = await Promise.all([3, 5].map((lots) => venue.submit('fund', product, buy(product, 'b', lots), key)));
    await venue.cloud.quiet();
    const answers = await Promise.all(
      sent.map(({ status, body }) =>
        status === 202 ? venue.as.fund.ask('GET', (body as { status: string }).status) : { status, body },
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
    await sellPlenty(product);
    await venue.auction(product);
    expect(await venue.lots('fund', product)).toEqual({ '2025-12': answers[0]!.status === 200 ? 3 : 5 });
  });
});

describe('an order one millisecond either side of the cut', () => {
  it('is in when it was answered before the marker, and in the next when after', async () => {
    const product = 'CUT';
    await venue.list(product);
    await venue.cloud.advanceTo('2025-10-20T17:59:59.999Z');
    const before = await venue.submit('fund', product, [outright(product, 'before', 'buy', 1, '2.430')]);
    await venue.cloud.advanceTo('2025-10-20T18:00:00.000Z');
    venue.notifyClosing(product);
    await venue.cloud.quiet();
    await venue.cloud.advanceTo('2025-10-20T18:00:00.001Z');
    const after = await venue.submit('fund', product, [outright(product, 'after', 'buy', 1, '2.430')]);
    await venue.cloud.quiet();
    expect((await venue.outcome('fund', before)).auction).toBe(1);
    expect((await venue.outcome('fund', after)).auction).toBe(2);
  });

  it('no clock decides but the order in the group: one received after the hour and queued before the marker is in', async () => {
    const product = 'CUT-SLOW-MARKER';
    await venue.list(product);
    const { reached, release } = hold('close-auction', 'SendMessageBatch orders.fifo');
    venue.notifyClosing(product);
    await reached;
    await venue.cloud.advanceTo(venue.cloud.clock.now() + 1);
    const answer = await venue.submit('fund', product, [outright(product, 'after', 'buy', 1, '2.430')]);
    release();
    await venue.cloud.quiet();
    expect((await venue.outcome('fund', answer)).auction).toBe(1);
  });

  it('and one received before the hour whose message reaches the queue behind the marker is in the next', async () => {
    const product = 'CUT-SLOW-ORDER';
    await venue.list(product);
    const { reached, release } = hold('participant-api', 'SendMessage orders.fifo');
    const answering = venue.submit('fund', product, [outright(product, 'before', 'buy', 1, '2.430')]);
    await reached;
    await venue.cloud.advanceTo(venue.cloud.clock.now() + 1);
    venue.notifyClosing(product);
    await expect.poll(async () => (await venue.auctions(product)).length, { timeout: 30_000 }).toBe(1);
    release();
    const answer = await answering;
    await venue.cloud.quiet();
    expect(answer.status).toBe(202);
    expect((await venue.outcome('fund', answer)).auction).toBe(2);
  });
});

describe('every order cancelled', () => {
  it('clears with an empty book: no volume, prices at the marks, nothing carried', async () => {
    const product = 'CANCELLED';
    await venue.list(product);
    await venue.submit('fund', product, [outright(product, 'gtc', 'buy', 3, '2.300', { timeInForce: 'gtc' })]);
    await venue.auction(product);
    await venue.submit('fund', product, [outright(product, 'b1', 'buy', 5, '2.430')]);
    await venue.submit('maker', product, [outright(product, 's1', 'sell', 5, '2.410')]);
    await Promise.all([
      venue.submit('fund', product, [{ cancel: 'b1' }, { cancel: 'gtc' }]),
      venue.submit('maker', product, [{ cancel: 's1' }]),
    ]);
    const { auction, months } = await venue.auction(product);
    expect(auction).toBe(2);
    expect(await venue.as.fund.get(`/v1/auctions/${product}/2`)).toMatchObject({ orders: 0, surplus: '0.00' });
    expect(months.filter(({ traded, volume }) => traded || volume > 0)).toEqual([]);
    expect(months.map(({ price }) => price).slice(0, 3)).toEqual(['2.400', '2.410', '2.420']);
    for (const account of ['fund', 'maker'] as const) {
      expect(await venue.fills(account, product)).toEqual([]);
      expect(((await venue.as[account].get(`/v1/orders?product=${product}`)) as { items: unknown[] }).items).toEqual([]);
    }
  });
});

describe('permuted arrival', () => {
  const ORDERS: [Account, string, 'buy' | 'sell', number, string][] = [
    ['fund', 'a', 'buy', 7, '2.425'],
    ['hedger', 'b', 'buy', 5, '2.420'],
    ['seller', 'c', 'sell', 6, '2.415'],
    ['maker', 'd', 'sell', 9, '2.420'],
    ['acme', 'e', 'buy', 4, '2.420'],
    ['nimbus', 'f', 'sell', 3, '2.422'],
  ];
  const ORDER: [name: string, places: number[]][] = [
    ['as it stands', [0, 1, 2, 3, 4, 5]],
    ['backwards', [5, 4, 3, 2, 1, 0]],
    ['evens first', [4, 2, 0, 5, 3, 1]],
    ['from the middle', [3, 0, 4, 1, 5, 2]],
  ];
  const ends: unknown[] = [];
  // The same submissions each time: the last lots at the price are drawn from their keys too.
  let keys: string[] | undefined;

  it.each(ORDER.map(([name, places], at) => [name, at, places] as const))(
    'the same orders arriving %s have the same prices and the same fills',
    async (_, at, places) => {
      const product = `PERMUTED-${at}`;
      await venue.list(product);
      keys ??= ORDERS.map(() => venue.key());
      for (const place of places) {
        const [account, id, side, lots, price] = ORDERS[place]!;
        await venue.submit(account, product, [outright(product, id, side, lots, price)], keys[place]);
      }
      const { months } = await venue.auction(product);
      const bare = (contract: string) => contract.slice(product.length);
      const fills = [];
      for (const [account] of ORDERS)
        for (const { clientOrderId, lots, price } of await venue.fills(account, product))
          fills.push({ account, clientOrderId, lots, price });
      ends.push({ months: months.map((month) => ({ ...month, contract: bare(month.contract) })), fills });
      // Nine of eleven bid at 2.420 or better can trade at it with what is offered: there is rationing to get wrong.
      expect(fills.length).toBeGreaterThan(4);
      expect(ends[at]).toEqual(ends[0]);
    },
  );
});
