/**
 * Finds the route of a request as an HTTP API does: a path written out before one with a parameter, a parameter before a
 * greedy one, a method before ANY, `$default` last.
 *
 * Source: Amazon API Gateway developer guide, "Routes for HTTP APIs", order of evaluation.
 */
import type { RoutePlan } from '../template/plan.ts';

export interface Matched {
  readonly route: RoutePlan;
  readonly pathParameters: Record<string, string>;
}

export type Match = (method: string, path: string) => Matched | undefined;

export function routerOf(routes: readonly RoutePlan[]): Match {
  const fallback = routes.find(({ key }) => key === '$default');
  const patterns = routes
    .filter((route) => route !== fallback)
    .map(patternOf)
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return (method, path) => {
    const segments = path.split('/').slice(1);
    for (const pattern of patterns) {
      if (pattern.method !== 'ANY' && pattern.method !== method) continue;
      const pathParameters = parametersOf(pattern.segments, segments);
      if (pathParameters !== undefined) return { route: pattern.route, pathParameters };
    }
    return fallback && { route: fallback, pathParameters: {} };
  };
}

interface Pattern {
  readonly route: RoutePlan;
  readonly method: string;
  readonly segments: readonly string[];
  /** Sorts the more exact first: a literal segment before a parameter before a greedy one, and ANY last. */
  readonly rank: string;
}

function patternOf(route: RoutePlan): Pattern {
  const [method = '', path = ''] = route.key.split(' ');
  const segments = path.split('/').slice(1);
  const kinds = segments.map((segment) => (segment.endsWith('+}') ? '2' : segment.startsWith('{') ? '1' : '0')).join('');
  return { route, method, segments, rank: `${kinds}${method === 'ANY' ? '1' : '0'}` };
}

function parametersOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = Object.create(null);
  for (const [i, expected] of pattern.entries()) {
    const segment = segments[i];
    if (segment === undefined) return undefined;
    if (expected.endsWith('+}')) {
      parameters[expected.slice(1, -2)] = decode(segments.slice(i).join('/'));
      return { ...parameters };
    }
    if (expected.startsWith('{')) {
      if (segment === '') return undefined;
      parameters[expected.slice(1, -1)] = decode(segment);
    } else if (expected !== segment) return undefined;
  }
  return pattern.length === segments.length ? { ...parameters } : undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
