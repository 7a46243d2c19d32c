/** Whether and how an account's near-month position rolls: one instruction a product, the last word counts. */
import type * as z from 'zod';
import type { PARTICIPANT } from '../../lib/api/participant.ts';
import type { RollInstruction } from '../../lib/domain/clearing/roll.ts';
import { formatPrice, type ProductParameters, parsePrice } from '../../lib/domain/contract/product.ts';
import { deleteRollInstruction, readRollInstruction, writeRollInstruction } from '../../lib/store/roll-instructions.ts';
import { Problem } from '../http/problems.ts';
import { listedProduct, productsOf } from '../http/products.ts';
import { done, ok } from '../http/routes.ts';
import type { Answers } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

export const listRollInstructions: Answers['listRollInstructions'] = async (request) => {
  const { table, shards } = request.backends;
  const items = [];
  for (const { product, parameters } of productsOf(await newestVenue(request))) {
    const instruction = await readRollInstruction(table, product, request.caller.account, shards);
    if (instruction) items.push(instructionJson(product, instruction, parameters));
  }
  return ok({ items });
};

export const putRollInstruction: Answers['putRollInstruction'] = async (request) => {
  const state = listedProduct(await newestVenue(request), request.params.product);
  if (state instanceof Problem) return state;
  const instruction = instructionOf(request.body, state.parameters);
  if (instruction instanceof Problem) return instruction;
  const { table, shards } = request.backends;
  await writeRollInstruction(table, state.product, request.caller.account, shards, instruction);
  return ok(instructionJson(state.product, instruction, state.parameters));
};

/** Answers 204 also when there is no instruction. */
export const removeRollInstruction: Answers['removeRollInstruction'] = async (request) => {
  const state = listedProduct(await newestVenue(request), request.params.product);
  if (state instanceof Problem) return state;
  const { table, shards } = request.backends;
  await deleteRollInstruction(table, state.product, request.caller.account, shards);
  return done;
};

type Wanted = z.output<typeof PARTICIPANT.putRollInstruction.body>;

function instructionOf(body: Wanted, parameters: ProductParameters): RollInstruction | Problem {
  if (body.at === 'market') return { at: 'market' };
  const limit = parsePrice(body.limit, parameters);
  if (limit !== undefined) return { at: 'limit', limit };
  const broken = `must be decimal text with at most ${parameters.priceDecimals} decimals`;
  return new Problem('invalid-body', 'see errors', [{ path: '$.limit', rule: broken }]);
}

export const instructionJson = (product: string, instruction: RollInstruction, parameters: ProductParameters) =>
  instruction.at === 'market'
    ? { product, at: 'market' as const }
    : { product, at: 'limit' as const, limit: formatPrice(instruction.limit, parameters) };
