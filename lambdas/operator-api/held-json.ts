/** What is held as operators are shown it: what would be done, in figures, and which of them agree to it. */
import { type Agreement, type Basis, type Held, type HeldProposal, isApproved } from '../../lib/domain/clearing/approval.ts';
import type { OperatorAct } from '../../lib/domain/clearing/operator-acts.ts';
import { months } from '../../lib/domain/clearing/settlement.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { type ContractMonth, monthText } from '../../lib/domain/contract/months.ts';
import { writtenParameters } from '../../lib/domain/contract/parameters.ts';
import { type ForwardCurve, formatIndex, formatPrice, type ProductParameters } from '../../lib/domain/contract/product.ts';
import { formatCents, type Micros } from '../../lib/domain/contract/units.ts';
import { type AnyHeld, isAct } from '../../lib/store/held.ts';

export const heldJson = (held: AnyHeld, venue: VenueState) =>
  isAct(held) ? { held: held.id, ...actJson(held.proposal), at: held.at, ...agreementJson(held) } : heldPriceJson(held, venue);

const agreementJson = ({ proposedBy, approvals, revision, revised, ended }: Agreement<unknown>) => ({
  proposedBy,
  approvals,
  revision,
  revised,
  approved: isApproved({ approvals }),
  ended,
});

export function heldPriceJson(held: Held, venue: VenueState) {
  const { id, product, date, proposal, holds, basis } = held;
  const { parameters } = venue.products[product]!;
  return {
    held: id,
    product,
    date,
    kind: proposal.kind,
    reasons: holds,
    proposal: proposalJson(proposal, parameters),
    // What the rules propose by now: not what is proposed above, once an operator has amended that.
    basis: basis && { proposal: proposalJson(basis.proposal, parameters), index: indexJson(basis.index) },
    ...agreementJson(held),
  };
}

/** What would be done, as it was asked for. */
function actJson(act: OperatorAct) {
  switch (act.kind) {
    case 'accounts-opened':
      return { kind: 'accounts' as const, proposal: { accounts: act.accounts } };
    case 'cash-moved': {
      const movements = act.movements.map(({ account, reference, cents }) => ({
        account,
        reference,
        amount: formatCents(cents),
      }));
      return { kind: 'cash' as const, proposal: { movements } };
    }
    case 'parameters-changed': {
      const { product, version, parameters, listing } = act;
      const proposal = {
        expectedVersion: version - 1,
        parameters: writtenParameters(parameters),
        ...(listing ? { listing: { date: listing.date, curve: curveJson(listing.curve, parameters) } } : {}),
      };
      return { kind: 'parameters' as const, product, proposal };
    }
  }
}

const indexJson = (index: Basis['index']): Record<string, string> =>
  Object.fromEntries(Object.entries(index).map(([date, micros]) => [date, formatIndex(BigInt(micros) as Micros)]));

function proposalJson(proposal: HeldProposal, parameters: ProductParameters) {
  switch (proposal.kind) {
    case 'settlement':
      return { curve: curveJson(proposal.curve, parameters) };
    case 'final-price':
      return { month: monthText(proposal.month as ContractMonth), price: formatPrice(proposal.price, parameters) };
    case 'index':
      return { value: formatIndex(BigInt(proposal.micros) as Micros) };
  }
}

const curveJson = (curve: ForwardCurve, parameters: ProductParameters): Record<string, string> =>
  Object.fromEntries(months(curve).map((month) => [monthText(month), formatPrice(curve[month]!, parameters)]));
