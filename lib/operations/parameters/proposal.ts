/**
 * A change of parameters before it is made: read from a file or from an earlier version in the log, on top of what is in
 * force, and refused by the very function that folds the log.
 */
import type { ParametersChanged } from '../../domain/clearing/events.ts';
import { changeErrors, dayRunErrors } from '../../domain/clearing/product-change.ts';
import { EMPTY_VENUE, evolveVenue, type ProductState } from '../../domain/clearing/venue.ts';
import { readWrittenParameters, type WrittenParameters, writtenParameters } from '../../domain/contract/parameters.ts';
import type { ProductParameters } from '../../domain/contract/product.ts';
import { sentence, type Violation } from '../../domain/contract/violation.ts';
import { readLog } from '../../store/log.ts';
import type { Rows } from '../../store/table.ts';
import { OperationsError } from '../error.ts';

export interface Proposal {
  readonly product: string;
  /** The version in force. */
  readonly version: number;
  readonly from: WrittenParameters;
  readonly to: WrittenParameters;
  readonly parameters: ProductParameters;
}

/** What is wanted: some parameters as text of JSON, or all of an earlier version. */
export type Wanted = { readonly json: string } | { readonly version: number };

/** Throws OperationsError, with every reason, when the change may not be made. `auctionTimes` are the deployment's. */
export async function propose(
  rows: Rows,
  product: string,
  wanted: Wanted,
  auctionTimes: readonly string[] = [],
): Promise<Proposal> {
  const { state, versions } = await history(rows, product);
  const from = writtenParameters(state.parameters);
  const given = 'version' in wanted ? earlier(product, versions, wanted.version) : readFile(wanted.json, from);
  const to: WrittenParameters = { ...from, ...given };
  const parameters = readWrittenParameters(to);
  if (Array.isArray(parameters)) throw refused(product, parameters);
  const errors = [
    ...changeErrors(state, { product, version: state.version + 1, parameters }),
    ...dayRunErrors(parameters, auctionTimes),
  ];
  if (errors.length) throw refused(product, errors);
  return { product, version: state.version, from, to, parameters };
}

async function history(rows: Rows, product: string): Promise<{ state: ProductState; versions: Map<number, ParametersChanged> }> {
  let venue = EMPTY_VENUE;
  const versions = new Map<number, ParametersChanged>();
  for await (const { seq, hash, event } of readLog(rows, EMPTY_VENUE)) {
    venue = evolveVenue(venue, seq, hash, event);
    if (event.kind === 'parameters-changed' && event.product === product) versions.set(event.version, event);
  }
  const state = venue.products[product];
  if (!state)
    throw new OperationsError(
      `There is no product ${product}`,
      `There are: ${Object.keys(venue.products).join(', ') || 'none'}.`,
    );
  return { state, versions };
}

function earlier(product: string, versions: ReadonlyMap<number, ParametersChanged>, version: number): WrittenParameters {
  const event = versions.get(version);
  if (!event) throw new OperationsError(`${product} has had no version ${version}`, `It has had 1 to ${versions.size}.`);
  return writtenParameters(event.parameters);
}

function readFile(json: string, from: WrittenParameters): Partial<WrittenParameters> {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch (cause) {
    throw new OperationsError('The file is not JSON', 'It holds the parameters to change: {"dailyLimit": "0.400"}', { cause });
  }
  if (given === null || typeof given !== 'object' || Array.isArray(given))
    throw new OperationsError('The file holds no object', 'It holds the parameters to change: {"dailyLimit": "0.400"}');
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(from, name));
  if (unknown.length)
    throw new OperationsError(`There is no parameter ${unknown.join(', ')}`, `There are: ${Object.keys(from).join(', ')}.`);
  return given as Partial<WrittenParameters>;
}

const refused = (product: string, errors: readonly Violation[]): OperationsError =>
  new OperationsError(`The change of ${product} is refused: ${errors.map(sentence).join('; ')}`, 'Nothing was written.');
