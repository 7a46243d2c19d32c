/** The client's connections: one that was kept open and is closed as it is used again costs a repeat, not the answer. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Exchange } from '../../lib/client/exchange.ts';

let server: Server;
afterEach(() => server.close());

/** Answers the first request of every connection, and closes the connection at the next. */
async function serveOnce(): Promise<{ readonly url: string; readonly asked: () => number }> {
  const used = new WeakSet<Socket>();
  let asked = 0;
  server = createServer((request, response) => {
    asked += 1;
    if (used.has(request.socket)) return void request.socket.destroy();
    used.add(request.socket);
    response.end('{"ok":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

it('asks again on a new connection', async () => {
  const { url, asked } = await serveOnce();
  const exchange = new Exchange(url);
  const caller = exchange.as('token');
  for (let at = 0; at < 3; at++) expect(await caller.get('/v1/account')).toEqual({ ok: true });
  expect(asked()).toBe(5);
  exchange.close();
});

it('says so when a new connection is closed', async () => {
  server = createServer((request) => request.socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const exchange = new Exchange(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await expect(exchange.as('token').get('/v1/account')).rejects.toThrow('socket hang up');
  exchange.close();
});
