/** What accept decides of the entries of a submission, as answers show it: of one that is sent, of a preview, and in an order's history. */
import type * as z from 'zod';
import type { FIGURES } from '../../lib/api/submissions.ts';
import type { Instruction, Outcome } from '../../lib/domain/auction/orders.ts';
import { type Figures, hasFigures } from '../../lib/domain/clearing/owner-intake.ts';
import { contractCode } from '../../lib/domain/contract/months.ts';
import { formatCents } from '../../lib/domain/contract/units.ts';

/** One an entry; of a submission that was one too many there is one outcome and no instruction. `figures` are of those outcomes that have some. */
export function entriesJson(
  product: string,
  instructions: readonly Instruction[],
  outcomes: readonly Outcome[],
  figures: readonly Figures[],
) {
  const left = figures.values();
  return outcomes.map((outcome, index) => ({
    ...(instructions[index] ? nameOf(instructions[index]) : {}),
    ...outcomeJson(outcome),
    ...(hasFigures(outcome) ? { figures: figuresJson(product, left.next().value!) } : {}),
  }));
}

function nameOf(instruction: Instruction) {
  if (instruction.kind === 'cancel-all') return { cancelAll: true as const };
  if (instruction.kind === 'cancel') return { cancel: instruction.clientOrderId };
  return { clientOrderId: instruction.order.clientOrderId };
}

const outcomeJson = (outcome: Outcome) =>
  outcome === 'accepted' || outcome === 'deferred' ? { outcome } : { outcome: 'refused' as const, reason: outcome };

export function figuresJson(product: string, figures: Figures): z.input<typeof FIGURES> {
  if (figures.reason === 'margin') {
    const { before, would, cover } = figures;
    return { requirement: formatCents(before), requirementWith: formatCents(would), cash: formatCents(cover) };
  }
  const { allowed, would, month } = figures;
  return { allowed, would, ...(month === undefined ? {} : { contract: contractCode(product, month) }) };
}
