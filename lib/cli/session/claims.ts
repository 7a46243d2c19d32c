/** What a token says of itself. It is read for the person, never believed: only the venue checks its signature. */
export interface Claims {
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number | undefined;
}

/** `undefined` for what is no JSON web token. */
export function claimsOf(token: string): Claims | undefined {
  try {
    const said = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
    const text = (name: string): string | undefined => (typeof said[name] === 'string' ? said[name] : undefined);
    return {
      subject: text('sub'),
      issuer: text('iss'),
      expiresAtMs: typeof said.exp === 'number' ? said.exp * 1000 : undefined,
    };
  } catch {
    return undefined;
  }
}
