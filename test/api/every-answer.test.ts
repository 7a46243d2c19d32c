/** That every documented answer is given in some test is looked at when all have run. */
import { expect, test } from 'vitest';
import type { RouteShape } from '../../lib/api/route.ts';
import { missingAnswers } from '../every-answer.ts';

const SHAPE: RouteShape = {
  method: 'GET',
  path: '/x',
  for: 'anyone',
  tag: 'The market',
  summary: '',
  description: '',
  answers: () => ({ 200: { description: '' } }),
  problems: ['not-found'],
};
const ALL = ['200', '304', 'invalid-request', 'not-found', 'too-many-requests', 'internal-error', 'try-again'];
const given = (answers: readonly string[]): Set<string> => new Set(answers.map((answer) => `GET /x ${answer}`));

test('nothing is missing when each status and each code has been answered', () => {
  expect(missingAnswers([SHAPE], given(ALL))).toEqual([]);
});

test.each(ALL)('%s is missed', (answer) => {
  const others = ALL.filter((each) => each !== answer);
  expect(missingAnswers([SHAPE], given(others))).toEqual([`GET /x ${answer}`]);
});
