/** One day of the product that the tests trade, in every state that it goes through. */
import type { DayAt, DayStep } from '../../lib/domain/clearing/day.ts';
import type { DayReport } from '../../lib/domain/clearing/day-report.ts';
import { on, PRODUCT } from './h100.ts';

export const REPORT: DayReport = {
  auction: 3,
  settled: { 'H100-SXM-2025-12': '2.412' },
  locked: {},
  volume: { 'H100-SXM-2025-12': 15 },
  openInterest: { 'H100-SXM-2025-12': 15 },
  near: 'H100-SXM-2025-12',
  next: 'H100-SXM-2026-01',
  roll: null,
  variation: { collected: '50.00', paid: '50.00' },
  expired: null,
  called: { accounts: 0, amount: '0.00' },
};

const planned = { product: PRODUCT, date: on('2025-10-20'), slot: '2025-10-20T20:00:00.000Z' } as const;
const numbered = { ...planned, auction: 3 } as const;
const cleared = { ...numbered, clearedBy: 7 } as const;
const settled = { ...cleared, settledBy: 8 } as const;
const expired = { ...settled, expiredBy: null } as const;

/** A day on which no month expires: its closing auction is number 3, events 7, 8 and 9 are its own. */
export const DAYS: { readonly [Step in DayStep]: DayAt<Step> } = {
  roll: { step: 'roll', ...planned },
  close: { step: 'close', ...numbered },
  clear: { step: 'clear', ...numbered },
  settle: { step: 'settle', ...cleared },
  expire: { step: 'expire', ...settled },
  report: { step: 'report', ...expired },
  done: { step: 'done', ...expired, closedBy: 9, report: REPORT },
};
