/** Two lists of what operators did, read as one. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newestOf } from '../../../lib/domain/clearing/noted-acts.ts';

const at = (...instants: string[]) => instants.map((instant) => ({ at: instant }));
const all = (...instants: string[]) => ({ rows: at(...instants), more: false });

test('the newest come first, whichever list they are of', () => {
  const { order, more } = newestOf(all('14:00', '10:00'), all('12:00', '11:00'), 10);
  expect(order).toEqual(['logged', 'noted', 'noted', 'logged']);
  expect(more).toBe(false);
});

test('of one instant the event comes first', () => {
  expect(newestOf(all('10:00'), all('10:00'), 10).order).toEqual(['logged', 'noted']);
});

test('a page ends with its limit, and says that there is more', () => {
  expect(newestOf(all('14:00', '10:00'), all('12:00'), 2)).toEqual({
    logged: 1,
    noted: 1,
    order: ['logged', 'noted'],
    more: true,
  });
});

test('a page ends where one list was read no further, though the other has older ones', () => {
  const cut = { rows: at('14:00'), more: true };
  expect(newestOf(cut, all('13:00', '12:00'), 10)).toEqual({ logged: 1, noted: 0, order: ['logged'], more: true });
  expect(newestOf({ rows: [], more: true }, all('13:00'), 10)).toEqual({ logged: 0, noted: 0, order: [], more: true });
});

const instants = fc.array(fc.integer({ min: 0, max: 20 }).map((minute) => ({ at: `10:${String(minute).padStart(2, '0')}` })));
const newestFirst = (rows: { at: string }[]) => rows.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));

test('page after page gives all of both lists, each once, in order of time, however little is read at a time', () => {
  fc.assert(
    fc.property(
      instants,
      instants,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      (events, notes, limit, read) => {
        let [logged, noted] = [newestFirst(events), newestFirst(notes)];
        const seen: { at: string }[] = [];
        for (let pages = 0; pages < 200; pages++) {
          const cut = (rows: { at: string }[]) => ({ rows: rows.slice(0, read), more: rows.length > read });
          const page = newestOf(cut(logged), cut(noted), limit);
          let [l, n] = [0, 0];
          seen.push(...page.order.map((of) => (of === 'logged' ? logged[l++]! : noted[n++]!)));
          [logged, noted] = [logged.slice(page.logged), noted.slice(page.noted)];
          if (!page.more) break;
          expect(page.order.length).toBeGreaterThan(0);
        }
        expect(seen).toEqual(newestFirst([...events, ...notes]));
      },
    ),
  );
});
