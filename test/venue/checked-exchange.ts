/** Connections to a venue whose every answer is held to what its route declares. */

import { type Routes, routeKeyOf } from '../../lib/api/route.ts';
import { ROUTES } from '../../lib/api/routes.ts';
import { type Answer, Exchange, type Sent } from '../../lib/client/exchange.ts';
import { expectDeclared } from './declared-answers.ts';

const PATTERNS = Object.values(ROUTES as Routes).map((shape) => ({
  key: routeKeyOf(shape),
  method: shape.method,
  // Of two that fit, the one with fewer parameters is meant, as the gateway has it.
  parameters: shape.path.split('{').length,
  pattern: new RegExp(`^${shape.path.replace(/\{\w+\}/g, '[^/]+')}$`),
}));

function keyOf(method: string, path: string): string | undefined {
  const [own = ''] = path.split('?');
  const fitting = PATTERNS.filter((each) => each.method === method && each.pattern.test(own));
  return fitting.toSorted((a, b) => a.parameters - b.parameters)[0]?.key;
}

export class CheckedExchange extends Exchange {
  override async send(sent: Sent): Promise<Answer> {
    const answer = await super.send(sent);
    const key = keyOf(sent.method, sent.path);
    // What has no id of the venue's was said by the gateway, or by what a test put before it.
    if (key !== undefined && answer.headers['request-id'] !== undefined) expectDeclared(key, answer.status, answer.body);
    return answer;
  }
}
