/** When the deployment schedules the intraday auctions of a product. */
import { ENV } from '../lib/store/names.ts';

/** As "HH:MM" in the product's time zone; none for a product that the deployment has no schedules for. */
export const auctionTimes = (product: string): readonly string[] =>
  (JSON.parse(process.env[ENV.auctionTimes] ?? '{}') as Record<string, string[]>)[product] ?? [];
