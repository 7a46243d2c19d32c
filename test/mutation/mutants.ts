/** All listed mutants, by the files they are in. */
import { API } from './listed/api.ts';
import { AUCTIONS } from './listed/auctions.ts';
import { DAY } from './listed/day.ts';
import { LISTENING } from './listed/listening.ts';
import { LOG } from './listed/log.ts';
import { POSTING } from './listed/posting.ts';
import { RULES } from './listed/rules.ts';
import { SUBMISSIONS } from './listed/submissions.ts';
import type { MutatedFile } from './mutant.ts';

export const MUTATED: readonly MutatedFile[] = [
  ...RULES,
  ...SUBMISSIONS,
  ...AUCTIONS,
  ...POSTING,
  ...DAY,
  ...LOG,
  ...API,
  ...LISTENING,
];
