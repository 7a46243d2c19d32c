/** Routes of the reference itself. */
import { route } from './route.ts';

const TAG = 'The reference';

export const showOpenApi = route({
  method: 'GET',
  path: '/openapi.json',
  for: 'anyone',
  tag: TAG,
  summary: 'This API as an OpenAPI document',
  description: 'OpenAPI 3.1: make a client in any language of it.',
  answers: () => ({ 200: { description: 'The document', type: 'application/json' } }),
  problems: [],
});

export const showReference = route({
  method: 'GET',
  path: '/docs',
  for: 'anyone',
  tag: TAG,
  summary: 'This API as a page to read',
  description: 'What you are reading. It loads nothing from elsewhere, and has no script.',
  answers: () => ({ 200: { description: 'The page', type: 'text/html' } }),
  problems: [],
});
