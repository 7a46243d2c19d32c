/**
 * Business days and wall-clock schedules. A product names its calendar; the holidays are data, so a year that is not
 * here is an error and never a guess. Dates are plain `YYYY-MM-DD` text in the product's time zone.
 */

declare const date: unique symbol;
/** A calendar date, `YYYY-MM-DD`. */
export type BusinessDate = string & { readonly [date]: true };

interface Calendar {
  readonly years: readonly [first: number, last: number];
  readonly holidays: ReadonlySet<string>;
}

/** Full-day closings of the New York Stock Exchange (nyse.com, hours and calendars), weekends aside. */
const NYSE_HOLIDAYS = `
  2024-01-01 2024-01-15 2024-02-19 2024-03-29 2024-05-27 2024-06-19 2024-07-04 2024-09-02 2024-11-28 2024-12-25
  2025-01-01 2025-01-09 2025-01-20 2025-02-17 2025-04-18 2025-05-26 2025-06-19 2025-07-04 2025-09-01 2025-11-27 2025-12-25
  2026-01-01 2026-01-19 2026-02-16 2026-04-03 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-11-26 2026-12-25
  2027-01-01 2027-01-18 2027-02-15 2027-03-26 2027-05-31 2027-06-18 2027-07-05 2027-09-06 2027-11-25 2027-12-24
  2028-01-17 2028-02-21 2028-04-14 2028-05-29 2028-06-19 2028-07-04 2028-09-04 2028-11-23 2028-12-25`;

const CALENDARS = {
  NYSE: { years: [2024, 2028], holidays: new Set(NYSE_HOLIDAYS.trim().split(/\s+/)) },
} satisfies Record<string, Calendar>;
export type CalendarName = keyof typeof CALENDARS;
/** The calendars that a product may name. */
export const CALENDAR_NAMES = Object.keys(CALENDARS) as [CalendarName, ...CalendarName[]];

/** A rule asked for a day that the calendar's data does not reach. The operator must extend the data. */
export class CalendarEndError extends Error {
  override name = 'CalendarEndError';
}

/** Whether markets are open on a day. Throws CalendarEndError for a year that the calendar has no data for. */
export function isBusinessDay(name: CalendarName, day: BusinessDate): boolean {
  const { years, holidays }: Calendar = CALENDARS[name];
  const year = Number(day.slice(0, 4));
  if (year < years[0] || year > years[1]) throw new CalendarEndError(`calendar ${name} has no data for ${day}`);
  const weekday = utc(day).getUTCDay();
  return weekday !== 0 && weekday !== 6 && !holidays.has(day);
}

/** The first business day strictly after `day`. */
export function nextBusinessDay(name: CalendarName, day: BusinessDate): BusinessDate {
  let next = addDays(day, 1);
  while (!isBusinessDay(name, next)) next = addDays(next, 1);
  return next;
}

/** Business days from the first to the last date given, both included. */
export function businessDays(name: CalendarName, first: BusinessDate, last: BusinessDate): BusinessDate[] {
  const days: BusinessDate[] = [];
  for (let day = first; day <= last; day = addDays(day, 1)) if (isBusinessDay(name, day)) days.push(day);
  return days;
}

/** `undefined` unless the text is a real date of the proleptic Gregorian calendar. */
export function parseDate(text: string): BusinessDate | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text ? undefined : (text as BusinessDate);
}

/** The date `count` calendar days later, or earlier when `count` is negative. */
export const addDays = (day: BusinessDate, count: number): BusinessDate =>
  new Date(utc(day).getTime() + count * 86_400_000).toISOString().slice(0, 10) as BusinessDate;

/** Whole days from `first` to `last`. */
export const daysBetween = (first: BusinessDate, last: BusinessDate): number =>
  Math.round((utc(last).getTime() - utc(first).getTime()) / 86_400_000);

/** The date on the wall in `timeZone` at an instant (milliseconds since 1970, UTC). */
export function localDate(instant: number, timeZone: string): BusinessDate {
  const wall = wallClock(instant, timeZone);
  return new Date(wall).toISOString().slice(0, 10) as BusinessDate;
}

/**
 * The instant (milliseconds) at which clocks in `timeZone` show `time` ("16:00") on `day`. In the hour that a spring
 * change skips it is the instant of the change; in the hour that an autumn change repeats, the first of the two.
 */
export function instantOf(day: BusinessDate, time: string, timeZone: string): number {
  const wanted = Date.parse(`${day}T${time}:00Z`);
  const early = wanted - (wallClock(wanted - 86_400_000, timeZone) - (wanted - 86_400_000));
  const late = wanted - (wallClock(wanted + 86_400_000, timeZone) - (wanted + 86_400_000));
  const exact = [Math.min(early, late), Math.max(early, late)].find((at) => wallClock(at, timeZone) === wanted);
  return exact ?? change(Math.min(early, late), Math.max(early, late), timeZone);
}

/** The wall clock at an instant, as if it were UTC. */
function wallClock(instant: number, timeZone: string): number {
  const part = Object.fromEntries(
    formatter(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  return (
    Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!) + (((instant % 1000) + 1000) % 1000)
  );
}

/** The first instant in (from, to] at which the zone's offset is the later one. */
function change(from: number, to: number, timeZone: string): number {
  const after = wallClock(to, timeZone) - to;
  let [low, high] = [from, to];
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (wallClock(middle, timeZone) - middle === after) high = middle;
    else low = middle;
  }
  return high;
}

const formatters = new Map<string, Intl.DateTimeFormat>();
function formatter(timeZone: string): Intl.DateTimeFormat {
  let found = formatters.get(timeZone);
  if (!found) {
    const numeric = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    } as const;
    found = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', era: undefined, ...numeric });
    formatters.set(timeZone, found);
  }
  return found;
}

const utc = (day: BusinessDate): Date => new Date(`${day}T00:00:00Z`);
