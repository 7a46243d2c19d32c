/**
 * The participants: a data centre for every provider with offers, companies that hedge, investors that hold the near month
 * and roll it, short hedgers, market makers. The same seed, count and prices give the same participants.
 */
import type { ContractMonth } from '../domain/contract/months.ts';
import { type Random, random } from '../local/host/random.ts';
import { buyNear, buyNeeds, type Hedger, hasNeeds, type Investor } from './buyers.ts';
import type { Entry, Market, Own } from './market.ts';
import { type MarketMaker, quote } from './market-makers.ts';
import type { OffersByDay } from './prices.ts';
import { type DataCentre, sellCapacity, sellNear } from './sellers.ts';

export const GROUPS = ['data centres', 'hedgers', 'investors', 'short hedgers', 'market makers'] as const;
export type Group = (typeof GROUPS)[number];

export interface Participant {
  readonly account: string;
  readonly name: string;
  readonly group: Group;
  /** Whole US dollars: what it brings, and what it has besides to meet margin calls with. */
  readonly deposit: number;
  readonly reserve: number;
  /** Auto-roll: at the market, or up to this many ticks above (below, for a short) the spread at listing. */
  readonly roll: 'market' | number | undefined;
  readonly random: Random;
  /** What it must look up of its own before it decides. */
  readonly looksUp: 'orders and positions' | 'positions';
  /** Whether it acts in a round at all: asked once a round, before it looks anything up. */
  readonly comesTo: (market: Market) => boolean;
  readonly decide: (market: Market, own: Own) => Entry[];
}

/** Of a thousand participants. */
const SHARES: Readonly<Record<Group, number>> = {
  'data centres': 240,
  hedgers: 330,
  investors: 320,
  'short hedgers': 40,
  'market makers': 70,
};

export const PARTICIPANTS_MIN = GROUPS.length;

export function population(seed: number, count: number, offers: OffersByDay, listed: readonly ContractMonth[]): Participant[] {
  const providers = [...new Set([...offers.values()].flat().map(({ provider }) => provider))].sort();
  const sizes = split(count);
  return GROUPS.flatMap((group) =>
    Array.from({ length: sizes[group] }, (_, index): Participant => {
      const provider = providers[index % providers.length]!;
      const number = group === 'data centres' ? Math.floor(index / providers.length) + 1 : index + 1;
      const of =
        group === 'data centres' ? provider.toLowerCase().replace(/[^a-z0-9]+/g, '-') : group.replace(/ /g, '-').slice(0, -1);
      const account = `${of}-${number}`;
      const chance = random(seed, account);
      return { account, name: `${capital(of)} ${number}`, group, random: chance, ...BEHAVIOURS[group](chance, listed, provider) };
    }),
  );
}

type Behaviour = Pick<Participant, 'deposit' | 'reserve' | 'roll' | 'looksUp' | 'comesTo' | 'decide'>;

type BehaviourOf = (chance: Random, listed: readonly ContractMonth[], provider: string) => Behaviour;

const BEHAVIOURS: Readonly<Record<Group, BehaviourOf>> = {
  'data centres': dataCentre,
  hedgers: hedger,
  investors: investor,
  'short hedgers': shortHedger,
  'market makers': marketMaker,
};

function dataCentre(chance: Random, _listed: readonly ContractMonth[], provider: string): Behaviour {
  const centre: DataCentre = {
    provider,
    capacity: chance.between(150, 600),
    lotsPerOffer: chance.between(1, 4),
    margin: chance.between(-150, 250),
  };
  // Whether asks of an earlier day may still stand.
  let asks = false;
  return {
    ...collateral(centre.capacity, 1_500, 1_000),
    roll: undefined,
    looksUp: 'orders and positions',
    comesTo: (market) => market.round === 0 && (asks || market.offers.has(provider)),
    decide: (market, own) => {
      asks = market.offers.has(provider);
      return sellCapacity(centre, market, own);
    },
  };
}

function hedger(chance: Random, listed: readonly ContractMonth[]): Behaviour {
  const first = chance.between(1, 3);
  const needs = new Map(listed.slice(first, first + chance.between(2, 5)).map((month) => [month, chance.between(6, 40)]));
  const hedger: Hedger = { needs, urgency: chance.between(50, 300) };
  const activity = chance.between(8, 25);
  return {
    ...collateral(
      [...needs.values()].reduce((sum, lots) => sum + lots, 0),
      900,
      700,
    ),
    roll: undefined,
    looksUp: 'orders and positions',
    ...untilDone(
      () => chance.chance(activity),
      (market, own) => (hasNeeds(hedger, market, own) ? buyNeeds(hedger, market, own, chance) : undefined),
    ),
  };
}

function investor(chance: Random): Behaviour {
  const investor: Investor = { target: chance.between(20, 140) };
  const activity = chance.between(20, 45);
  return {
    // Enough for any usual month; in a crash, some can't pay for all that they hold.
    ...collateral(investor.target, 650, chance.chance(60) ? 700 : 100),
    roll: chance.chance(70) ? 'market' : chance.between(0, 30),
    looksUp: 'positions',
    ...untilDone(
      (market) => chance.chance(activity) && !market.rolling,
      (market, own) => buyNear(investor, market, own, chance),
    ),
  };
}

function shortHedger(chance: Random): Behaviour {
  const hedger = { target: chance.between(20, 120) };
  const activity = chance.between(20, 45);
  return {
    // Less than its target needs, and only every other one has something behind it: what refusals and calls are for.
    ...collateral(hedger.target, 420, chance.chance(50) ? 400 : 0),
    roll: chance.chance(70) ? 'market' : chance.between(0, 30),
    looksUp: 'positions',
    ...untilDone(
      (market) => chance.chance(activity) && !market.rolling,
      (market, own) => sellNear(hedger, market, own, chance),
    ),
  };
}

function marketMaker(chance: Random): Behaviour {
  const maker: MarketMaker = {
    bias: chance.between(-5, 5),
    edge: chance.between(4, 10),
    spreadEdge: chance.between(1, 4),
    size: chance.between(5, 20),
    spreadSize: chance.between(15, 50),
  };
  return {
    deposit: 5_000_000,
    reserve: 5_000_000,
    roll: undefined,
    looksUp: 'orders and positions',
    comesTo: () => true,
    decide: (market, own) => quote(maker, market, own),
  };
}

/** So many dollars for each lot that it means to hold. */
const collateral = (lots: number, deposit: number, reserve: number): Pick<Participant, 'deposit' | 'reserve'> => ({
  deposit: lots * deposit,
  reserve: lots * reserve,
});

/** Comes until it has what it wants, which it says by deciding on `undefined`; from then on it only holds. */
function untilDone(
  comesTo: (market: Market) => boolean,
  decide: (market: Market, own: Own) => Entry[] | undefined,
): Pick<Participant, 'comesTo' | 'decide'> {
  let done = false;
  return {
    comesTo: (market) => !done && comesTo(market),
    decide: (market, own) => {
      const entries = decide(market, own);
      done = entries === undefined;
      return entries ?? [];
    },
  };
}

/** Every group has at least one; what rounding leaves goes to the largest. */
function split(count: number): Record<Group, number> {
  const sizes = Object.fromEntries(GROUPS.map((group) => [group, Math.max(1, Math.floor((count * SHARES[group]) / 1000))]));
  const given = Object.values(sizes).reduce((sum, size) => sum + size, 0);
  return { ...(sizes as Record<Group, number>), hedgers: sizes.hedgers! + count - given };
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1).replace(/-/g, ' ');
