/** What is kept in the repository of the declared routes: the OpenAPI document and the page on the HTTP API. */
import manifest from '../../package.json' with { type: 'json' };
import { referencePage } from '../api/reference-page.ts';
import { openApiDocument } from './openapi.ts';

export const openApiText = (): string => `${JSON.stringify(openApiDocument(manifest.version), null, 1)}\n`;

export const referenceText = (): string => referencePage(JSON.parse(openApiText()));
