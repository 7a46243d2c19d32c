/**
 * What the checks of this folder would refuse and a maintainer has looked at, each with the reason why it may stay. One that
 * nothing needs any more is a failure too, so that this page says what is so.
 */

export interface LicenceException {
  /** Package name; `*` at its end stands for the rest of it. */
  readonly package: string;
  readonly licence: string;
  readonly because: string;
}

export interface AdvisoryException {
  /** As in `GHSA-xxxx-xxxx-xxxx`. */
  readonly id: string;
  readonly package: string;
  /** The last day it counts, `YYYY-MM-DD`: on the next it is a failure again, to be looked at again. */
  readonly until: string;
  readonly because: string;
}

export interface SecretException {
  /** Repository path. */
  readonly file: string;
  /** Which found strings. */
  readonly looksLike: RegExp;
  readonly because: string;
}

/** SPDX names of licences that ask for no more than to be named. */
export const LICENCES_ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Python-2.0',
]);

export const LICENCE_EXCEPTIONS: readonly LicenceException[] = [
  {
    package: 'lightningcss*',
    licence: 'MPL-2.0',
    because: 'Copyleft for its own files only, which we do not change; the test runner brings it and nothing of it is deployed.',
  },
  {
    package: 'caniuse-lite',
    licence: 'CC-BY-4.0',
    because: 'Data on browsers that asks to be named; the tool that makes mutants brings it and nothing of it is deployed.',
  },
];

export const ADVISORY_EXCEPTIONS: readonly AdvisoryException[] = [];

export const SECRET_EXCEPTIONS: readonly SecretException[] = [
  {
    file: 'package-lock.json',
    looksLike: /^sha512-[A-Za-z0-9+/]{86}==$/,
    because: 'Hashes of published packages, which are there to be read.',
  },
  {
    file: 'lib/local/dynamodb/amazon-engine.ts',
    looksLike: /^[A-Za-z0-9+/]{86}==$/,
    because: 'The hash of the package with Amazon’s engine.',
  },
  ...['lib/local/template/assembly.ts', 'test/venue/requests.ts', 'test/contracts/gateway.ts'].map((file) => ({
    file,
    looksLike: /'0{12}$/,
    because: 'The account number of the local cloud, which is no account at AWS.',
  })),
  ...['deployed/compute-exchange.template.json', 'deployed/compute-exchange.assets.json'].map((file) => ({
    file,
    looksLike: /^[0-9a-f]{64}$/,
    because: 'A bundle is named by the SHA-256 of what is in it.',
  })),
  {
    file: 'deployed/asset/index.mjs',
    looksLike: /^e3b0c44298fc1c14[0-9a-f]{48}$/,
    because: 'The SHA-256 of nothing, which the SDK signs an empty body with.',
  },
  {
    file: 'deployed/asset/index.mjs',
    looksLike: /^(E3B0C4|38B060|CF83E1|66E94B)[0-9A-F]{26,}$/,
    because: 'What hashes and a cipher give for nothing, by which what writes PDF tries them.',
  },
  {
    file: 'deployed/asset/index.mjs',
    looksLike: /^node_modules\/[A-Za-z0-9/_-]+$/,
    because: 'The paths of modules in a bundle.',
  },
  {
    file: 'deployed/asset/index.mjs',
    looksLike: /^(eJ|AAAMSExpbm8C)[A-Za-z0-9+/]+={0,2}$/,
    because: 'The measures of the fonts that every reader of PDF has, and a colour profile, packed.',
  },
  {
    file: 'deployed/asset/index.mjs',
    looksLike: /^(JVBERi|d0aCAx|6cNlCF|ztFEKy|ciAvRm|IxNQo\+|20wPIr|HHO9VB|iqV0Vl|u6ytga|ZSA4Ci|5ndGgg|EBAEsC)[A-Za-z0-9+/]{64}$/,
    because: 'An empty PDF in a comment of what writes PDF.',
  },
];
