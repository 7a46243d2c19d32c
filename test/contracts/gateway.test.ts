/** One contract for the gateway: the model of the virtual cloud keeps it, and so does the local cloud's HTTP server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, onTestFinished } from 'vitest';
import { openApi } from '../../lib/local/api-gateway/api.ts';
import { startGateway } from '../../lib/local/api-gateway/gateway.ts';
import { startMetrics } from '../../lib/local/cloudwatch/metrics.ts';
import { frozenClock } from '../../lib/local/host/clock.ts';
import type { RoutePlan } from '../../lib/local/template/plan.ts';
import { startGateway as startVirtualGateway } from '../../lib/virtual/api-gateway.ts';
import { startRun } from '../../lib/virtual/run.ts';
import { temporaryFolder } from '../local/small-app.ts';
import { type GatewaySide, gatewayContract, NOW, type SeenEvent } from './gateway.ts';

const plansOf = (routes: Readonly<Record<string, string>>, timeoutMs: number): RoutePlan[] =>
  Object.entries(routes).map(([key, name]) => ({
    api: 'Api',
    key,
    function: name,
    timeoutMs,
    authorizer: { audience: ['client'] },
    scopes: [],
  }));

const MODEL: GatewaySide = {
  side: 'model',
  async open(routes, work, timeoutMs = 1_000) {
    const run = startRun(NOW, 1, {});
    const { timeline } = run;
    const wait = (ms: number) => new Promise<void>((resolve) => void timeline.after(ms, resolve));
    const invoke = async (name: string, event: unknown) => work(event as SeenEvent, name, wait);
    const ask = startVirtualGateway(plansOf(routes, timeoutMs), invoke, run);
    return { ask: (claims = {}, ...asked) => timeline.until(ask(claims, ...asked), 'the answer', 1_000) };
  },
};

/** Keeps the issuer's key: each would take a while to make. */
const KEY_FOLDER = temporaryFolder();

const ENGINE: GatewaySide = {
  side: 'engine',
  async open(routes, work, timeoutMs = 1_000) {
    const gateway = await startGateway(0);
    onTestFinished(gateway.stop);
    const clock = frozenClock(NOW);
    const { identity } = await openApi(
      gateway,
      { routes: plansOf(routes, timeoutMs), webSockets: undefined },
      {
        clock,
        metrics: startMetrics(clock),
        dataDir: KEY_FOLDER,
        invoke: async (name, event) => work(event as SeenEvent, name, (ms) => sleep(ms)),
        onChange: () => {},
        problem: (error) => {
          throw error;
        },
      },
    );
    return {
      async ask(claims, method, path, body, key) {
        const answer = await fetch(`${gateway.url}${path}`, {
          method,
          headers: {
            'content-type': 'application/json',
            ...(claims ? { authorization: `Bearer ${await identity.mint({ sub: claims.sub!, claims })}` } : {}),
            ...(key === undefined ? {} : { 'idempotency-key': key }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await answer.text();
        const isJson = /^(["{[\d]|null|true|false)/.test(text);
        return { status: answer.status, body: isJson ? JSON.parse(text) : text || undefined };
      },
    };
  },
};

describe.each([MODEL, ENGINE])('the $side', gatewayContract);
