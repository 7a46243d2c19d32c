/** Where a secret may be sent: over TLS, or to this machine itself. */
import { Failure } from '../terminal/failure.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether nothing but this machine hears what is sent to it. */
export const isLoopback = (url: URL): boolean => LOOPBACK.test(url.hostname);

/** A URL as a person types it. Throws a Failure when it is none, or when a token sent there could be overheard. */
export function secureUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new Failure('usage', `${what} ${JSON.stringify(text)} is no URL of http or https`, 'As https://exchange.example.com');
  if (url.protocol === 'http:' && !isLoopback(url))
    throw new Failure(
      'usage',
      `${what} ${url.origin} is not encrypted`,
      'Tokens are sent over https only, or to this machine itself.',
    );
  if (url.username !== '' || url.password !== '')
    throw new Failure('usage', `${what} has a user or a password in it`, 'Sign in with a token instead.');
  return url;
}
