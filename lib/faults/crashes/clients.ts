/**
 * The clients of the market that is killed: a sender for each account, one submission after the other, an operator that moves
 * money and opens accounts, two operators that approve what is held, and a clock that calls auctions. When the market is
 * killed in the middle of a request its client can't know what became of it; after the next start it asks again, with the
 * same key.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Asked, type Caller, Exchange } from '../../client/exchange.ts';
import { isBusinessDay, localDate } from '../../domain/contract/calendar.ts';
import { formatDecimal, parseDecimal } from '../../domain/contract/units.ts';
import { type Random, random } from '../../local/host/random.ts';
import { MarketFolder, type Running } from '../../operations/market-folder.ts';
import { BUYER, SELLER } from '../../simulation/demo-market.ts';
import { PARAMETERS } from '../../simulation/parameters.ts';
import type { Call, Ledger, Sent } from './ledger.ts';

const OPERATORS = ['OPS1', 'OPS2'] as const;
/** Tokens of `npm start` by account. */
const SENDERS: Readonly<Record<string, string>> = { [BUYER.account]: 'ACME', [SELLER.account]: 'NIMBUS' };
const AUCTION_EVERY_MS = 1_500;

interface Contract {
  readonly contract: string;
  readonly settlementPrice: string;
}

/** All clients together. They outlive the market, and remember over its starts what was never answered. */
export class Clients {
  readonly #ledger: Ledger;
  readonly #seed: number;
  readonly #dir: string;
  #round = 0;
  #serial = 0;
  /** Requests that were never answered, to be sent again. */
  readonly #open: { sent: Sent[]; calls: Call[] } = { sent: [], calls: [] };

  constructor(ledger: Ledger, seed: number, dir: string) {
    this.#ledger = ledger;
    this.#seed = seed;
    this.#dir = dir;
  }

  /** Works until the market is gone. Throws on an answer that no fault of the market explains. */
  async work(running: Running, alive: () => boolean): Promise<void> {
    this.#round += 1;
    const tokens = new MarketFolder(this.#dir).readTokens();
    const exchange = new Exchange(running.url);
    const as = (name: string): Caller => exchange.as(tokens[name]!);
    try {
      const jobs = [
        ...Object.entries(SENDERS).map(([account, name]) => this.#send(account, as(name), running, alive)),
        this.#operate(OPERATORS.map(as), running, alive),
        this.#approve(OPERATORS.map(as), alive),
        this.#callAuctions(running, alive),
      ];
      await Promise.all(
        jobs.map((job) => job.catch(async (error: unknown) => rethrowUnless(isGone(error) && (await ends(alive)), error))),
      );
    } finally {
      exchange.close();
    }
  }

  async #send(account: string, caller: Caller, running: Running, alive: () => boolean): Promise<void> {
    const chance = random(this.#seed, `${account} ${this.#round}`);
    const again = this.#open.sent.filter((sent) => sent.account === account);
    for (const sent of again) this.#open.sent.splice(this.#open.sent.indexOf(sent), 1);
    for (const sent of again) await this.#submit(caller, sent, alive);
    const listed = await untilAnswered(alive, () => caller.ask('GET', `/v1/contracts?product=${running.product}`));
    if (!listed) return;
    const { items: contracts } = listed.body as { items: Contract[] };
    let last: string | undefined;
    while (alive()) {
      const id = `${this.#round}.${++this.#serial}`;
      const orders = [orderOf(chance, id, contracts)];
      if (last !== undefined && chance.chance(20)) orders.push({ cancel: last });
      last = chance.chance(50) ? id : undefined;
      const key = chance.key(Date.now() + running.aheadMs);
      await this.#submit(caller, this.#ledger.sent({ account, key, product: running.product, orders }), alive);
      // In bursts: what came due while the market was down is worked off between them.
      await sleep(chance.chance(15) ? 500 : chance.between(0, 60));
    }
  }

  async #submit(caller: Caller, sent: Sent, alive: () => boolean): Promise<void> {
    const { product, orders, key } = sent;
    this.#open.sent.push(sent);
    const answer = await untilAnswered(alive, () => caller.ask('POST', '/v1/submissions', { product, orders }, key));
    if (!answer) return;
    this.#open.sent.splice(this.#open.sent.indexOf(sent), 1);
    if (answer.status === 202) return this.#ledger.answer(sent, (answer.body as { submission: string }).submission);
    // Sent again after the clock was set ahead, its key is stale: nothing was promised, and nothing may be done twice.
    if (typeOf(answer) !== 'idempotency-key-stale') throw unexpected('POST /v1/submissions', answer);
  }

  async #operate(operators: readonly Caller[], { product, aheadMs, timeZone }: Running, alive: () => boolean): Promise<void> {
    const chance = random(this.#seed, `operator ${this.#round}`);
    for (const call of this.#open.calls.splice(0)) await this.#call(operators, call, alive);
    const today = localDate(Date.now() + aheadMs, timeZone);
    const path = `/v1/operator/index/${product}/${today}`;
    // Made of the date, so that a later start publishes the same value. On the first day `npm start` has published its own.
    const index = this.#ledger.called({ method: 'PUT', path, body: { value: `2.39${today.slice(8)}` } });
    await this.#call(operators, index, alive);
    while (alive()) {
      const serial = ++this.#serial;
      const first = chance.between(0, Object.keys(SENDERS).length - 1);
      const paid = Object.keys(SENDERS).slice(first);
      const amount = `${chance.chance(30) ? '-' : ''}${chance.between(1, 9_999)}.${chance.between(10, 99)}`;
      const call: Call = chance.chance(15)
        ? {
            method: 'POST',
            path: '/v1/operator/accounts',
            body: {
              accounts: ['a', 'b', 'c'].map((which) => ({ account: `new-${serial}${which}`, name: `New ${serial}${which}` })),
            },
          }
        : {
            method: 'POST',
            path: '/v1/operator/cash-movements',
            body: { movements: paid.map((account) => ({ account, reference: `transfer-${serial}`, amount })) },
          };
      await this.#call(operators, this.#ledger.called(call), alive);
      await sleep(chance.between(20, 200));
    }
  }

  /** What is held of the first operator's call the second approves; until then nothing is promised. */
  async #call([first, second]: readonly Caller[], call: Call, alive: () => boolean): Promise<void> {
    this.#open.calls.push(call);
    const asked = await untilAnswered(alive, () => first!.ask(call.method, call.path, call.body));
    const { approve, revision } = (asked?.body ?? {}) as { approve?: string; revision?: number };
    const answer = approve === undefined ? asked : await untilAnswered(alive, () => second!.ask('POST', approve, { revision }));
    if (!answer) return;
    this.#open.calls.splice(this.#open.calls.indexOf(call), 1);
    if (answer.status < 300) this.#ledger.done(call);
    else if (typeOf(answer) !== 'index-published') throw unexpected(`${call.method} ${call.path}`, answer);
  }

  /** Both operators approve what is held, each as it stands when that operator reads it. */
  async #approve(operators: readonly Caller[], alive: () => boolean): Promise<void> {
    for (; alive(); await sleep(300)) for (const operator of operators) await approveHeld(operator, alive);
  }

  async #callAuctions({ closings, product, timeZone, aheadMs }: Running, alive: () => boolean): Promise<void> {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new SQSClient({ endpoint: new URL(closings).origin, region: 'us-east-1', credentials, maxAttempts: 1 });
    try {
      for (; alive(); await sleep(AUCTION_EVERY_MS)) {
        const slot = new Date(Date.now() + aheadMs);
        if (!isBusinessDay(PARAMETERS.calendar, localDate(slot.getTime(), timeZone))) continue;
        const MessageBody = JSON.stringify({ v: 1, product, slot: slot.toISOString() });
        await client.send(new SendMessageCommand({ QueueUrl: closings, MessageBody }));
      }
    } finally {
      client.destroy();
    }
  }
}

/** Approves everything that is held and not approved. Stops when the market is no longer alive. */
export async function approveHeld(operator: Caller, alive: () => boolean = () => true): Promise<void> {
  const answer = await untilAnswered(alive, () => operator.ask('GET', '/v1/operator/held?waiting=true&limit=500'));
  const { items } = (answer?.body ?? { items: [] }) as { items: { held: string; revision: number }[] };
  for (const { held, revision } of items)
    await untilAnswered(alive, () => operator.ask('POST', `/v1/operator/held/${encodeURIComponent(held)}/approve`, { revision }));
}

/** An order within a few ticks of the settlement price, in a month that does not expire meanwhile. */
function orderOf(chance: Random, clientOrderId: string, contracts: readonly Contract[]): Record<string, unknown> {
  const { contract, settlementPrice } = chance.pick(contracts.slice(2, 6));
  const decimals = PARAMETERS.priceDecimals;
  const ticks = parseDecimal(settlementPrice, decimals)! + BigInt(chance.between(-6, 6));
  return {
    clientOrderId,
    side: chance.pick(['buy', 'sell']),
    contract,
    price: formatDecimal(ticks, decimals),
    lots: chance.between(1, 20),
    timeInForce: chance.pick(['auction', 'day', 'gtc']),
  };
}

/** Asks until the market says yes or no, or is gone. */
async function untilAnswered(alive: () => boolean, ask: () => Promise<Asked>): Promise<Asked | undefined> {
  while (alive()) {
    try {
      const answer = await ask();
      if (answer.status < 500 && answer.status !== 429) return answer;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    await sleep(20);
  }
  return undefined;
}

const isGone = (error: unknown): boolean =>
  /ECONNRESET|ECONNREFUSED|EPIPE|socket hang up|other side closed/.test(
    `${(error as { code?: string }).code ?? ''} ${String(error)}`,
  );

/** A connection breaks a moment before it is known that the process has ended. */
async function ends(alive: () => boolean): Promise<boolean> {
  for (let tries = 0; alive() && tries < 100; tries++) await sleep(20);
  return !alive();
}

function rethrowUnless(expected: boolean, error: unknown): void {
  if (!expected) throw error;
}

const typeOf = ({ body }: Asked): string => `${(body as { type?: string } | undefined)?.type}`.replace(/^.*:/, '');
const unexpected = (what: string, { status, body }: Asked): Error =>
  new Error(`${what} answered ${status}: ${JSON.stringify(body)}`);
