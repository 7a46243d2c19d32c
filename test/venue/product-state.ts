/** A product as a venue holds it, for rules that look at nothing else. */
import { NO_REFERENCES } from '../../lib/domain/clearing/events.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { H100, on, PRODUCT } from './h100.ts';

/** The books of Friday the 17th are closed; auction 4 was Monday's of ten o'clock in New York. */
export const ON_MONDAY: ProductState = {
  product: PRODUCT,
  version: 1,
  parameters: H100,
  listed: [],
  marks: {},
  lastAuction: 4,
  lockedInARow: {},
  carried: NO_REFERENCES,
  toSettle: null,
  settledOn: on('2025-10-17'),
  closedOn: on('2025-10-17'),
  closedBy: 0,
  lastDay: null,
  stop: null,
  lastEvent: 9,
};
