/** Whom the venue takes the bearer of a token for: it is asked, the token itself is not believed. */
import { Failure } from '../terminal/failure.ts';
import { claimsOf } from './claims.ts';
import { Connection } from './connection.ts';

export type Who = Readonly<Record<'account' | 'name' | 'subject' | 'expiresAt', string | undefined>>;

/** An operator has no account. Throws a Failure when the venue does not take the token. */
export async function whoIs(url: string, token: string): Promise<Who> {
  const connection = new Connection(url);
  try {
    const claims = claimsOf(token);
    const expiresAt = claims?.expiresAtMs === undefined ? undefined : new Date(claims.expiresAtMs).toISOString();
    const named = await account(connection, token);
    return { account: named?.account, name: named?.name, subject: claims?.subject, expiresAt };
  } finally {
    connection.close();
  }
}

async function account(connection: Connection, token: string): Promise<{ account: string; name: string } | undefined> {
  const client = connection.client(token);
  try {
    return await client.showAccount();
  } catch (error) {
    if (!(error instanceof Failure) || error.refusal.code !== 'no-account') throw error;
  }
  await client.showVenue();
  return undefined;
}
