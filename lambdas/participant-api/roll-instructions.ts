/** Whether and how an account's near-month position rolls: one instruction a product, the last word counts. */
import * as z from 'zod';
import type { RollInstruction } from '../../lib/domain/clearing/roll.ts';
import { formatPrice, type ProductParameters, parsePrice } from '../../lib/domain/contract/product.ts';
import { deleteRollInstruction, readRollInstruction, writeRollInstruction } from '../../lib/store/roll-instructions.ts';
import { Problem } from '../http/problems.ts';
import { listedProduct, productsOf } from '../http/products.ts';
import { pathOf, readBody, rule } from '../http/request.ts';
import { type Answer, done, ok } from '../http/routes.ts';
import type { ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

const BODY = z.discriminatedUnion(
  'at',
  [
    z.strictObject({ at: z.literal('market') }),
    z.strictObject({ at: z.literal('limit'), limit: z.string(rule('must be decimal text, such as "0.015"')) }),
  ],
  'must be market or limit',
);

export async function listRollInstructions(request: ParticipantRequest): Promise<Answer> {
  const { table, shards } = request.backends;
  const items = [];
  for (const { product, parameters } of productsOf(await newestVenue(request))) {
    const instruction = await readRollInstruction(table, product, request.caller.account, shards);
    if (instruction) items.push(instructionJson(product, instruction, parameters));
  }
  return ok({ items });
}

export async function putRollInstruction(request: ParticipantRequest): Promise<Answer | Problem> {
  const state = listedProduct(await newestVenue(request), pathOf(request, 'product'));
  if (state instanceof Problem) return state;
  const body = readBody(request, BODY);
  if (body instanceof Problem) return body;
  const instruction = instructionOf(body, state.parameters);
  if (instruction instanceof Problem) return instruction;
  const { table, shards } = request.backends;
  await writeRollInstruction(table, state.product, request.caller.account, shards, instruction);
  return ok(instructionJson(state.product, instruction, state.parameters));
}

/** Answers 204 also when there is no instruction. */
export async function removeRollInstruction(request: ParticipantRequest): Promise<Answer | Problem> {
  const state = listedProduct(await newestVenue(request), pathOf(request, 'product'));
  if (state instanceof Problem) return state;
  const { table, shards } = request.backends;
  await deleteRollInstruction(table, state.product, request.caller.account, shards);
  return done;
}

function instructionOf(body: z.infer<typeof BODY>, parameters: ProductParameters): RollInstruction | Problem {
  if (body.at === 'market') return { at: 'market' };
  const limit = parsePrice(body.limit, parameters);
  if (limit !== undefined) return { at: 'limit', limit };
  const broken = `must be decimal text with at most ${parameters.priceDecimals} decimals`;
  return new Problem('invalid-body', 'see errors', [{ path: '$.limit', rule: broken }]);
}

const instructionJson = (product: string, instruction: RollInstruction, parameters: ProductParameters) =>
  instruction.at === 'market'
    ? { product, at: 'market' }
    : { product, at: 'limit', limit: formatPrice(instruction.limit, parameters) };
