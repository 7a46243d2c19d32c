/**
 * CloudFormation's intrinsic functions, resolved against what runs here. What can't be resolved is an error that names the
 * place: a reference that silently became an empty string would only fail later, inside a function, as something else.
 *
 * Source: AWS CloudFormation user guide, "Intrinsic function reference" and "Condition functions".
 */
import { LocalCloudError } from '../host/error.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** What a resource answers to `Ref` and `Fn::GetAtt`. */
export interface Reference {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface TemplateScope {
  readonly parameters: Readonly<Record<string, Json>>;
  readonly conditions: JsonObject;
  readonly mappings: JsonObject;
  readonly pseudo: Readonly<Record<string, string>>;
  readonly reference: (logicalId: string) => Reference | undefined;
}

const NO_VALUE = Symbol('AWS::NoValue');
type Resolved = Json | typeof NO_VALUE;

/** The value with every intrinsic replaced; `where` names the place in errors, such as `Queue1.Properties`. */
export function resolve(value: Json, scope: TemplateScope, where: string): Json {
  const resolved = resolveValue(value, scope, where);
  return resolved === NO_VALUE ? null : resolved;
}

/** Whether a condition of the template holds. */
export function conditionHolds(name: string, scope: TemplateScope): boolean {
  const condition = scope.conditions[name];
  if (condition === undefined) throw unresolved(`Condition ${name}`, 'no such condition');
  return truth(condition, scope, `Condition ${name}`);
}

function resolveValue(value: Json, scope: TemplateScope, where: string): Resolved {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    return value.map((entry, i) => resolveValue(entry, scope, `${where}[${i}]`)).filter((entry) => entry !== NO_VALUE);
  }
  const intrinsic = intrinsicOf(value);
  if (intrinsic !== undefined) return apply(intrinsic.name, intrinsic.argument, scope, where);
  const object: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) {
    const resolved = resolveValue(entry, scope, `${where}.${key}`);
    if (resolved !== NO_VALUE) object[key] = resolved;
  }
  return object;
}

function intrinsicOf(value: JsonObject): { name: string; argument: Json } | undefined {
  const entries = Object.entries(value);
  const [name, argument] = entries.length === 1 ? entries[0]! : [undefined, null];
  return name !== undefined && (name === 'Ref' || name.startsWith('Fn::')) ? { name, argument } : undefined;
}

function apply(name: string, argument: Json, scope: TemplateScope, where: string): Resolved {
  const all = (value: Json) => resolve(value, scope, where);
  const list = (value: Json): Json[] => {
    const resolved = all(value);
    if (!Array.isArray(resolved)) throw unresolved(where, `${name} needs a list`);
    return resolved;
  };
  switch (name) {
    case 'Ref':
      return ref(text(argument, where), scope, where);
    case 'Fn::GetAtt': {
      const [logicalId, attribute] = typeof argument === 'string' ? splitOnce(argument, '.') : (argument as [string, Json]);
      return getAttribute(logicalId, text(all(attribute), where), scope, where);
    }
    case 'Fn::Join': {
      const [separator, values] = argument as [string, Json];
      return list(values)
        .map((value) => text(value, where))
        .join(separator);
    }
    case 'Fn::Split': {
      const [separator, value] = argument as [string, Json];
      return text(all(value), where).split(separator);
    }
    case 'Fn::Select': {
      const [index, values] = argument as [Json, Json];
      const selected = list(values)[Number(all(index))];
      if (selected === undefined) throw unresolved(where, `Fn::Select has no element ${JSON.stringify(index)}`);
      return selected;
    }
    case 'Fn::Sub':
      return substitute(argument, scope, where);
    case 'Fn::If': {
      const [condition, yes, no] = argument as [string, Json, Json];
      return resolveValue(conditionHolds(condition, scope) ? yes : no, scope, where);
    }
    case 'Fn::FindInMap': {
      const [map, first, second] = list(argument).map((key) => text(key, where)) as [string, string, string];
      const found = ((scope.mappings[map] as JsonObject | undefined)?.[first] as JsonObject | undefined)?.[second];
      if (found === undefined) throw unresolved(where, `Fn::FindInMap has no ${map}.${first}.${second}`);
      return found;
    }
    default:
      throw unresolved(where, `${name} has no local meaning`);
  }
}

function ref(name: string, scope: TemplateScope, where: string): Resolved {
  if (name === 'AWS::NoValue') return NO_VALUE;
  const pseudo = scope.pseudo[name];
  if (pseudo !== undefined) return pseudo;
  const parameter = scope.parameters[name];
  if (parameter !== undefined) return parameter;
  const reference = scope.reference(name);
  if (reference === undefined)
    throw unresolved(where, `Ref to ${name}, which is neither a resource nor a parameter with a value`);
  return reference.ref;
}

function getAttribute(logicalId: string, attribute: string, scope: TemplateScope, where: string): string {
  const reference = scope.reference(logicalId);
  if (reference === undefined) throw unresolved(where, `Fn::GetAtt of ${logicalId}, which is not in the template`);
  const value = reference.attributes[attribute];
  if (value === undefined) throw unresolved(where, `Fn::GetAtt ${logicalId}.${attribute} has no local value`);
  return value;
}

function substitute(argument: Json, scope: TemplateScope, where: string): string {
  const [template, variables] = Array.isArray(argument) ? (argument as [string, JsonObject]) : [text(argument, where), {}];
  return template.replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
    if (literal !== '') return `\${${name}}`;
    const variable = variables[name];
    if (variable !== undefined) return text(resolve(variable, scope, where), where);
    if (!name.includes('.')) return text(ref(name, scope, where) as Json, where);
    return getAttribute(...splitOnce(name, '.'), scope, where);
  });
}

function truth(condition: Json, scope: TemplateScope, where: string): boolean {
  const [name, argument] = Object.entries(condition as JsonObject)[0] ?? ['', null];
  const parts = argument as Json[];
  switch (name) {
    case 'Condition':
      return conditionHolds(text(argument, where), scope);
    case 'Fn::Equals':
      return JSON.stringify(resolve(parts[0] ?? null, scope, where)) === JSON.stringify(resolve(parts[1] ?? null, scope, where));
    case 'Fn::Not':
      return !truth(parts[0] ?? null, scope, where);
    case 'Fn::And':
      return parts.every((part) => truth(part, scope, where));
    case 'Fn::Or':
      return parts.some((part) => truth(part, scope, where));
    default:
      throw unresolved(where, `${name} is not a condition function`);
  }
}

function text(value: Json, where: string): string {
  if (value === null || typeof value === 'object') throw unresolved(where, `expected a string, found ${JSON.stringify(value)}`);
  return String(value);
}

function splitOnce(value: string, separator: string): [string, string] {
  const at = value.indexOf(separator);
  return [value.slice(0, at), value.slice(at + 1)];
}

function unresolved(where: string, what: string): LocalCloudError {
  return new LocalCloudError(
    `The template can't be run here: ${where}: ${what}`,
    'Run `npx cdk synth` again, or teach lib/local what it means.',
  );
}
