/** The reference as a page of Markdown, made of the OpenAPI document: what a reader of the repository and of `GET /docs` sees. */
import { PROBLEMS } from './problems.ts';

/** As much of a schema as is shown (JSON Schema 2020-12, as OpenAPI 3.1 has it). */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}
interface Content {
  readonly schema?: Schema;
  readonly example?: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly { name: string; in: string; required?: boolean; description?: string; schema: Schema }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Content>> }>
  >;
}
export interface OpenApi {
  readonly info: { readonly title: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

/** What every GET takes and needs no row of its own. */
const OF_EVERY_ROUTE = new Set(['if-none-match']);
/** Codes that every route has: they stand in the introduction. */
const OF_EVERY_KIND = new Set(['invalid-request', 'too-many-requests', 'internal-error', 'try-again']);

export function referencePage(document: OpenApi): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ key: `${method.toUpperCase()} ${path}`, operation })),
  );
  const parts = document.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return [`## ${name}`, ...own.map(({ key, operation }) => section(key, operation, document))].join('\n\n');
  });
  const contents = document.tags.map(({ name }) => `- [${name}](#${headingAnchor(name)})`);
  return `${[
    '# The HTTP API',
    '<!-- Made by `npm run reference` of the declarations in lib/api. Change those. -->',
    ['- [Everywhere](#everywhere)', '- [Errors](#errors)', ...contents].join('\n'),
    '## Everywhere',
    document.info.description,
    '## Errors',
    ERRORS,
    problemTable(),
    ...parts,
  ].join('\n\n')}\n`;
}

const ERRORS = `\`application/problem+json\` (RFC 9457). \`type\` is \`urn:compute-exchange:\` and a code from this table; codes are stable.
\`errors\` names each fault: \`path\` is a field of the body (\`$.orders[3].price\`), a query parameter (\`?limit\`) or a path
parameter (\`{date}\`), and \`rule\` is the rule it broke. At most 50 are listed.

\`\`\`json
{
  "type": "urn:compute-exchange:invalid-submission",
  "title": "A field of the submission is not valid",
  "status": 422,
  "detail": "see errors for each field",
  "errors": [{ "path": "$.orders[0].lots", "rule": "must be a whole number, 1 to 1000000" }]
}
\`\`\``;

function problemTable(): string {
  const rows = Object.entries(PROBLEMS).map(([code, { status, when }]) => `| \`${code}\` | ${status} | ${when} |`);
  return ['| code | status | when |', '|---|---|---|', ...rows].join('\n');
}

function section(
  key: string,
  { summary, description, security, parameters = [], requestBody, responses: given }: Operation,
  document: OpenApi,
): string {
  const responses = Object.fromEntries(Object.entries(given).map(([status, each]) => [status, resolve(each, document)]));
  const named = parameters.map((each) => resolve(each, document)).filter(({ name }) => !OF_EVERY_ROUTE.has(name));
  const asked = Object.values(requestBody?.content ?? {})[0];
  return [
    `### \`${key}\``,
    `**${summary}.**${security?.length === 0 ? ' Needs no token.' : ''} ${description}`,
    named.length > 0
      ? table(
          named.map((each) => [
            parameterName(each),
            each.description ?? each.schema.description ?? '',
            kindOf(each.schema, document),
          ]),
        )
      : '',
    ...(asked
      ? [
          `Body${requestBody?.required ? '' : ', which may be left out'}:`,
          fieldTable(asked.schema ?? {}, document),
          example(asked.example),
        ]
      : []),
    ...Object.entries(responses)
      .filter(([status]) => status < '300')
      .flatMap(([status, answer]) => answerLines(status, answer, document)),
    problemLine(responses),
  ]
    .filter(Boolean)
    .join('\n\n');
}

const parameterName = ({ name, in: place, required }: { name: string; in: string; required?: boolean }): string =>
  `\`${{ path: `{${name}}`, query: `?${name}=`, header: name }[place] ?? name}\`${required || place === 'path' ? '' : ', optional'}`;

const table = (rows: readonly (readonly [string, string, string])[]): string =>
  ['| | | |', '|---|---|---|', ...rows.map(([name, what, kind]) => `| ${name} | ${kind} | ${cell(what)} |`)].join('\n');
const cell = (text: string): string => text.replace(/\s*\n\s*/g, ' ').replace(/\|/g, '\\|');

function answerLines(status: string, { description, content = {} }: Operation['responses'][string], document: OpenApi): string[] {
  const [[type, { schema = {}, example: shown }] = ['', {} as Content]] = Object.entries(content);
  const kind = type === '' || type === 'application/json' ? '' : ` (\`${type}\`)`;
  return [
    `\`${status}\`${kind}: ${description}.`,
    type === 'application/json' ? fieldTable(schema, document) : '',
    example(shown),
  ];
}

const example = (value: unknown): string => (value === undefined ? '' : `\`\`\`json\n${shortJson(value, '')}\n\`\`\``);

const LINE_MAX = 130;

/** What fits a line stands in one. */
function shortJson(value: unknown, indent: string): string {
  const line = JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');
  if (typeof value !== 'object' || value === null || indent.length + line.length <= LINE_MAX) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((each) => `${inner}${shortJson(each, inner)}`)
    : Object.entries(value).map(([name, each]) => `${inner}${JSON.stringify(name)}: ${shortJson(each, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}

function problemLine(responses: Operation['responses']): string {
  const codes = Object.entries(responses)
    .filter(([status]) => status >= '400')
    .flatMap(([, { description }]) => [...description.matchAll(/^`([a-z-]+)`:/gm)].map(([, code]) => code!))
    .filter((code) => !OF_EVERY_KIND.has(code));
  return codes.length > 0 ? `Refused as ${codes.map((code) => `\`${code}\``).join(', ')}.` : '';
}

/** Fields one below the other, those of objects inside with the way to them. */
function fieldTable(schema: Schema, document: OpenApi): string {
  const rows = fields(schema, document, '', 0);
  return rows.length > 0 ? table(rows) : '';
}

/** Deeper is for the OpenAPI document. */
const DEPTH_MAX = 3;

function fields(schema: Schema, document: OpenApi, way: string, depth: number): [string, string, string][] {
  const known = resolve(schema, document);
  const choices = known.anyOf ?? known.oneOf;
  if (choices)
    return ofChoices(
      choices.filter((each) => resolve(each, document).type !== 'null'),
      document,
      way,
      depth,
    );
  if (known.allOf) return known.allOf.flatMap((each) => fields(each, document, way, depth));
  if (known.items) return fields(known.items, document, `${way}[]`, depth);
  if (!known.properties || depth >= DEPTH_MAX) return [];
  return Object.entries(known.properties).flatMap(([name, inner]): [string, string, string][] => {
    const path = way === '' || way === '[]' ? `${way}${way ? '.' : ''}${name}` : `${way}.${name}`;
    const optional = known.required?.includes(name) ? '' : ', optional';
    const own: [string, string, string] = [
      `\`${path}\`${optional}`,
      resolve(inner, document).description ?? inner.description ?? '',
      kindOf(inner, document),
    ];
    return [own, ...fields(inner, document, path, depth + 1)];
  });
}

/** A field that not every choice has is optional. */
function ofChoices(choices: readonly Schema[], document: OpenApi, way: string, depth: number): [string, string, string][] {
  const each = choices.map((choice) => fields(choice, document, way, depth));
  const isEverywhere = (name: string): boolean => each.every((rows) => rows.some(([other]) => other === name));
  const rows = each
    .flat()
    .map(([name, what, kind]): [string, string, string] => [
      isEverywhere(name) || name.endsWith(', optional') ? name : `${name}, optional`,
      what,
      kind,
    ]);
  return rows.filter(isFirst);
}

const isFirst = (row: [string, string, string], at: number, all: [string, string, string][]): boolean =>
  all.findIndex(([name]) => name.split(',')[0] === row[0].split(',')[0]) === at;

/** What a reference stands for, with what stands beside it. */
function resolve<Part extends object>(part: Part, { components }: OpenApi): Part {
  if (!('$ref' in part)) return part;
  const [kind, name] = `${part.$ref}`.split('/').slice(-2) as [string, string];
  return { ...(components?.[kind]?.[name] as Part), ...part };
}

function kindOf(schema: Schema, document: OpenApi): string {
  const known = resolve(schema, document);
  const choices = known.anyOf ?? known.oneOf;
  if (choices) return [...new Set(choices.map((each) => kindOf(each, document)))].join(' or ');
  if (known.const !== undefined) return `\`${JSON.stringify(known.const)}\``;
  if (known.enum) return known.enum.map((each) => `\`${JSON.stringify(each)}\``).join(', ');
  if (known.type === 'array') return `list of ${kindOf(known.items ?? {}, document)}`;
  const range =
    known.minimum !== undefined &&
    known.maximum !== undefined &&
    Number.isSafeInteger(known.maximum) &&
    known.maximum < Number.MAX_SAFE_INTEGER
      ? `, ${known.minimum} to ${known.maximum}`
      : '';
  const names: Readonly<Record<string, string>> = {
    integer: 'integer',
    string: 'text',
    object: 'object',
    boolean: 'true or false',
    null: 'null',
    number: 'number',
  };
  const kind = names[`${known.type}`] ?? 'any value';
  return `${known.format === 'date' ? 'date' : known.format === 'date-time' ? 'instant' : kind}${range}`;
}

/** The part behind `#` of a link to a heading, as GitHub makes it. */
export const headingAnchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replace(/ /g, '-');
