/** Planted secrets are found, and words are not taken for them. Secrets stand here in pieces, or the scan would find this file. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { secretFaults, secretsIn } from '../../lib/supply-chain/secret-scan.ts';

/** Looks drawn by lot, and is the same each time. */
const drawn = createHash('sha512').update('planted').digest();
const [base64, base64url, hex] = (['base64', 'base64url', 'hex'] as const).map((encoding) => drawn.toString(encoding)) as [
  string,
  string,
  string,
];

it.each([
  ['an AWS key id', `aws = "${'AKIA'}${'Q3EGRIPLKJ7WXZVB'}"`, 'aws'],
  ['an AWS secret', `aws_secret_access_key = ${base64.replaceAll(/[+/=]/g, 'x').slice(0, 40)}`, 'aws'],
  ['an AWS account', `AWS_ACCOUNT_ID = ${'4821'}${'75930162'}`, 'aws'],
  [
    'a private key',
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    'privatekey',
  ],
  ['a GitHub token', `token: ghp_${base64.replaceAll(/[+/=]/g, 'x').slice(0, 36)}`, 'github'],
  ['an npm token', `//registry.npmjs.org/:_authToken=npm_${base64.replaceAll(/[+/=]/g, 'x').slice(0, 36)}`, 'npm'],
  ['an address with a password', `https://operator:${'hunter'}2@example.com/`, 'basicauth'],
  ['a signed token', `Bearer ${'eyJhbGciOiJSUzI1NiJ9'}.${base64url}.${base64url}`, 'random'],
  ['base64 of no known form', `const key = '${base64}';`, 'random'],
  ['hexadecimal of no known form', `const key = '${hex.slice(0, 40)}';`, 'random'],
  ['one that asks to be overlooked', `// ${'secretlint'}-disable\nconst aws = "${'AKIA'}${'Q3EGRIPLKJ7WXZVB'}";`, 'aws'],
])('%s is found where it stands', async (_, text, kind) => {
  const found = await secretsIn('lib/store/planted.ts', `line one\n${text}\n`);
  expect(found.map((each) => each.kind)).toContain(kind);
  expect(found[0]!.line).toBeGreaterThan(1);
  expect(secretFaults(found, [])[0]).toMatch(/^lib\/store\/planted\.ts:\d+ /);
});

it.each([
  'APIGatewayProxyEventV2WithJWTAuthorizer',
  'aws-cdk-lib/aws-apigatewayv2-authorizers/lib/HttpJwtAuthorizer',
  'each_cloud_has_tables_of_its_own_and_those_in_no_folder_go_with_it',
  '01234567890123456789012345678901234567890',
  '01929e7c-5a00-7000-8000-000000000001',
  // The hash in it changes with the code of the function.
  ['rollpositionsfunction', 'CurrentVersion', '10CB6003', '3eb57161b9a3e17a', 'f9fd8c1f0f9d89b2'].join(''),
])('%s is none', async (text) => {
  expect(await secretsIn('a.ts', `"${text}"`)).toEqual([]);
});

describe('a secret that is found', () => {
  const found = { file: 'a.ts', line: 3, kind: 'random', text: hex };
  const exception = { file: 'a.ts', looksLike: /^[0-9a-f]+$/, because: 'a test' };

  it('is not printed whole', () => {
    expect(secretFaults([found], [])).toEqual([`a.ts:3 random: ${hex.slice(0, 6)}... (128 characters)`]);
  });

  it('may be argued for in its own file, for as long as it is there', () => {
    expect(secretFaults([found], [exception])).toEqual([]);
    expect(secretFaults([{ ...found, file: 'b.ts' }], [exception])).toHaveLength(2);
    expect(secretFaults([], [exception])).toEqual(['the exception for /^[0-9a-f]+$/ in a.ts is not needed']);
  });
});
