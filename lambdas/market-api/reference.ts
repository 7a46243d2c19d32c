/** The API's own description: the OpenAPI document, and the same as a page to read, which has no script and loads nothing. */
import { createHash } from 'node:crypto';
import { Marked } from 'marked';
import document from '../../lib/api/openapi.json' with { type: 'json' };
import { headingAnchor, type OpenApi, referencePage } from '../../lib/api/reference-page.ts';
import { Document } from '../http/representation.ts';
import { ok } from '../http/routes.ts';
import type { Answers } from './public.ts';

let json: Document | undefined;

export const showOpenApi: Answers['showOpenApi'] = async () => {
  json ??= new Document('application/json', JSON.stringify(document));
  return ok(json);
};

let page: Document | undefined;

export const showReference: Answers['showReference'] = async () => {
  page ??= new Document('text/html', pageOf(document as unknown as OpenApi), { headers: { 'content-security-policy': POLICY } });
  return ok(page);
};

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d9dde3, #3a3f47); --soft: light-dark(#f5f6f8, #1d2025); --link: light-dark(#0b5cad, #7db7f0); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem; background: light-dark(#fff, #14161a); color: light-dark(#1b1f24, #e6e8eb); }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 3rem; padding-top: 1rem; border-top: 2px solid var(--line); } h3 { margin-top: 2.2rem; }
a { color: var(--link); } code, pre { font: 0.875em/1.5 ui-monospace, monospace; background: var(--soft); border-radius: 4px; }
code { padding: 0.1em 0.3em; } pre { padding: 0.8rem 1rem; overflow-x: auto; } pre code { padding: 0; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; font-size: 0.9375rem; }
th:empty { display: none; } td, th { border-bottom: 1px solid var(--line); padding: 0.35rem 0.8rem 0.35rem 0; text-align: left; vertical-align: top; }
`;
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function pageOf(described: OpenApi): string {
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${headingAnchor(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
    },
  });
  const body = marked.parse(referencePage(described), { async: false });
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${described.info.title}: the HTTP API</title><style>${STYLE}</style></head>
<body><main>
${body}</main></body>
</html>
`;
}
