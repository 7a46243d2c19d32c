/** All listed mutants, by the files they are in. */
import { API } from './listed/api.ts';
import { AUCTIONS } from './listed/auctions.ts';
import { LOG } from './listed/log.ts';
import { SUBMISSIONS } from './listed/submissions.ts';
import type { MutatedFile } from './mutant.ts';

export const MUTATED: readonly MutatedFile[] = [...SUBMISSIONS, ...AUCTIONS, ...LOG, ...API];
