/** A product's parameters as the APIs write them; `lib/domain/contract/parameters.ts` reads them, and says what is wrong with them. */
import * as z from 'zod';
import { CALENDAR_NAMES } from '../domain/contract/calendar.ts';
import type { WrittenParameters } from '../domain/contract/parameters.ts';
import { businessDate, product } from './written.ts';

const width = z.string().meta({ description: 'USD per GPU-hour, on the grid of the product', example: '0.300' });

export const PARAMETERS = z
  .object({
    lotGpuHours: z.int(),
    priceDecimals: z.int(),
    listedMonths: z.int(),
    timeZone: z.string(),
    calendar: z.enum(CALENDAR_NAMES),
    dayRunTime: z.string(),
    dailyLimit: width,
    rollBand: width,
    indexValuesMin: z.int(),
    indexAgeDaysMax: z.int(),
    indexMoveBasisPointsMax: z.int(),
    liveOrdersMax: z.int(),
    submissionsMax: z.int(),
    margin: z.object({
      scenarios: z.array(z.array(width).readonly()).readonly(),
      delivery: width,
      funding: z.array(z.object({ from: businessDate, through: businessDate, addOn: width })).readonly(),
      concentration: z.array(z.object({ lots: z.int(), addOn: width })).readonly(),
    }),
    limits: z.object({
      orderLots: z.int(),
      monthLots: z.int(),
      delivery: z.object({ lots: z.int(), fromDay: z.int() }),
      allLots: z.int(),
      reportedLots: z.int(),
    }),
    bands: z.array(width).readonly(),
    creditUsd: z.int(),
    callDueTime: z.string(),
  })
  .meta({ id: 'Parameters' }) satisfies z.ZodType<unknown, WrittenParameters>;

export const PRODUCT = z.object({ product, version: z.int(), parameters: PARAMETERS }).meta({ id: 'Product' });

/** Parameters for the examples. */
export const EXAMPLE: WrittenParameters = {
  lotGpuHours: 1000,
  priceDecimals: 3,
  listedMonths: 12,
  timeZone: 'America/New_York',
  calendar: 'NYSE',
  dayRunTime: '16:00',
  dailyLimit: '0.500',
  rollBand: '0.050',
  indexValuesMin: 12,
  indexAgeDaysMax: 4,
  indexMoveBasisPointsMax: 3000,
  liveOrdersMax: 10_000,
  submissionsMax: 20_000,
  margin: {
    scenarios: [Array(12).fill('0.300'), Array(12).fill('-0.300')],
    delivery: '0.050',
    funding: [{ from: '2025-12-22', through: '2026-01-05', addOn: '0.040' }],
    concentration: [{ lots: 1000, addOn: '0.020' }],
  },
  limits: { orderLots: 1000, monthLots: 2000, delivery: { lots: 500, fromDay: 10 }, allLots: 3000, reportedLots: 1500 },
  bands: ['0.250', '0.400'],
  creditUsd: 0,
  callDueTime: '10:00',
};
