/**
 * The connections of listeners, as the gateway holds them. A request about one is made once and given up soon: a listener that is lost or
 * slow must not keep the others waiting, and what it was not told it learns when it asks.
 */
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { ENV } from './names.ts';
import { required } from './table.ts';

const CONNECT_MS_MAX = 500;
const REQUEST_MS_MAX = 1_500;

export class Connections {
  readonly #client: ApiGatewayManagementApiClient;

  /** @param url of the stage that listeners connect to */
  constructor(url = required(ENV.listenersUrl)) {
    this.#client = new ApiGatewayManagementApiClient({
      endpoint: url.replace(/^ws/, 'http'),
      maxAttempts: 1,
      requestHandler: { connectionTimeout: CONNECT_MS_MAX, requestTimeout: REQUEST_MS_MAX, throwOnRequestTimeout: true },
    });
  }

  /** Sends a text. `gone`: there is no such connection any more; an error: it may or may not have arrived. */
  async send(ConnectionId: string, Data: string): Promise<'sent' | 'gone' | Error> {
    try {
      await this.#client.send(new PostToConnectionCommand({ ConnectionId, Data }));
      return 'sent';
    } catch (error) {
      return error instanceof GoneException ? 'gone' : (error as Error);
    }
  }

  /** Whether the gateway says that the connection has ended; false when it says nothing. */
  async isGone(ConnectionId: string): Promise<boolean> {
    try {
      await this.#client.send(new GetConnectionCommand({ ConnectionId }));
      return false;
    } catch (error) {
      return error instanceof GoneException;
    }
  }

  /** Ends a connection, as well as can be: one that stays open is told nothing, and closed when it says something. */
  async close(ConnectionId: string): Promise<void> {
    await this.#client.send(new DeleteConnectionCommand({ ConnectionId })).catch(() => {});
  }
}
