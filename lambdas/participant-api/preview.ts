/**
 * A preview of a submission: what accept would decide of it now. It is read as accept reads it, from the newest event of the log and from all
 * that the owner's accounts have sent, decided by the same rule, and forgotten. Nothing is written and nothing is sent.
 */
import { isStopped } from '../../lib/domain/auction/stops.ts';
import { readWrittenSubmission, unlistedContracts } from '../../lib/domain/auction/submission.ts';
import { intakeTerms, OwnerIntake, type OwnerState, ownerStateOf } from '../../lib/domain/clearing/owner-intake.ts';
import { type Preview, previewRoll, previewSubmission, type RollPreview } from '../../lib/domain/clearing/preview.ts';
import { isTradingStopped, type ProductState, tradedAt } from '../../lib/domain/clearing/venue.ts';
import { contractCode } from '../../lib/domain/contract/months.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { formatPrice } from '../../lib/domain/contract/product.ts';
import { formatCents } from '../../lib/domain/contract/units.ts';
import { type Intake, readIntake } from '../../lib/store/auctions.ts';
import { readRollInstruction } from '../../lib/store/roll-instructions.ts';
import { readOwnerStops } from '../../lib/store/stops.ts';
import { findProduct } from '../http/products.ts';
import { receivedAt } from '../http/request.ts';
import { ok } from '../http/routes.ts';
import { readAccountIntake } from '../intake/account-intake.ts';
import { OwnerAccounts, OwnerReader } from '../intake/owner-accounts.ts';
import { entriesJson } from './decided-entries.ts';
import type { Answers, ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';
import { problemOf } from './submissions.ts';

/** Accounts that a process keeps of those that were asked for. */
const KEPT_ACCOUNTS_MAX = 1_000;
const accounts = new OwnerAccounts(KEPT_ACCOUNTS_MAX);
/** How often an account may turn out to be posted further than the log was read. */
const NEWER_MAX = 5;

export const previewOrders: Answers['previewOrders'] = async ({ body, ...request }) => {
  const { account } = request.caller;
  const listed = findProduct(await newestVenue(request), body.product);
  const read = readWrittenSubmission(body.orders, listed && { ...listed, listed: tradedAt(listed, request.time) });
  if ('refusal' in read) return problemOf(request, read.refusal, read.violations);
  const unlisted = unlistedContracts(read.instructions, read.product.listed);
  if (unlisted.length > 0) return problemOf(request, 'contract-not-listed', unlisted);

  const { seq, owner } = await ownerOfCaller(request, body.product);
  const { own, intake } = await readIntakes(request, owner);
  const stopped = isStopped(await stopsOf(request), account);
  const at = receivedAt(request);
  const terms = intakeTerms(owner.product, at, { ...intake, stopped });
  const preview = previewSubmission(own, account, read.instructions, at, terms, owner);
  const instruction = await readRollInstruction(request.backends.table, body.product, account, request.backends.shards);
  const isOut = stopped || isTradingStopped(owner.product, intake.open);
  const roll = instruction && !isOut ? previewRoll(own, account, instruction, owner) : undefined;
  return ok({
    product: body.product,
    auction: intake.open,
    decidedOn: seq,
    orders: entriesJson(body.product, read.instructions, preview.outcomes, preview.figures),
    margin: preview.margin ? marginJson(preview.margin) : null,
    positions: [...preview.positions].map(([month, { held, filled }]) => ({
      contract: contractCode(body.product, month),
      lots: held,
      lotsWith: filled,
    })),
    roll: roll ? rollJson(roll, owner.product) : null,
  });
};

/** The owner's accounts as of the newest event, and its number. */
async function ownerOfCaller(request: ParticipantRequest, product: string): Promise<{ seq: number; owner: OwnerState }> {
  const { caller, backends } = request;
  for (let tries = 0; tries < NEWER_MAX; tries++) {
    const venue = await newestVenue(request);
    const states = await new OwnerReader(accounts, backends.table, backends.shards).accountsOf(
      caller.account,
      caller.shard,
      venue,
    );
    if (states) return { seq: venue.seq, owner: ownerStateOf(venue, venue.products[product]!, states, caller.account) };
  }
  throw new Error(`account ${caller.account} is posted further than the log was read`);
}

/** The intakes of all of the owner's accounts that count, and that of their shard. */
async function readIntakes(
  { caller, backends }: ParticipantRequest,
  owner: OwnerState,
): Promise<{ own: OwnerIntake; intake: Intake }> {
  const { table } = backends;
  const { account, shard } = caller;
  const { product } = owner.product;
  const intake = await readIntake(table, product, shard);
  const own = new OwnerIntake();
  for (const each of new Set([account, ...owner.accounts.keys()]))
    own.set(each, await readAccountIntake(table, table, { product, shard, account: each }, intake, owner.product));
  return { own, intake };
}

const stopsOf = ({ caller, backends }: ParticipantRequest) =>
  readOwnerStops(backends.table, ownerOf(caller.account), backends.shards);

const marginJson = ({ before, after, cover }: NonNullable<Preview['margin']>) => ({
  requirement: formatCents(before),
  requirementWith: formatCents(after),
  cash: formatCents(cover),
});

const rollJson = ({ date, day, days, order, covered }: RollPreview, { product, parameters }: ProductState) => ({
  date,
  day,
  days,
  buy: contractCode(product, order.buy),
  sell: contractCode(product, order.sell),
  price: formatPrice(order.limit, parameters),
  lots: covered,
  due: order.lots,
});
