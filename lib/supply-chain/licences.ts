/** Whether the project may use what it uses: every package, deployed or not, has a licence of the list, or an argued exception. */
import { LICENCE_EXCEPTIONS, LICENCES_ALLOWED, type LicenceException } from './exceptions.ts';

export interface Licensed {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, as package.json says it. */
  readonly licence: string | undefined;
}

/** One line a package that may not be used, and one an exception that nothing needs. */
export function licenceFaults(
  packages: readonly Licensed[],
  exceptions: readonly LicenceException[] = LICENCE_EXCEPTIONS,
): string[] {
  const needed = new Set<LicenceException>();
  const refused = packages.filter((each) => {
    if (isAllowed(each.licence)) return false;
    const exception = exceptions.find((one) => one.licence === each.licence && names(one.package, each.name));
    if (exception) needed.add(exception);
    return exception === undefined;
  });
  return [
    ...refused.map(
      ({ name, version, licence }) =>
        `${name} ${version} has ${licence === undefined ? 'no licence in its package.json' : `the licence ${licence}`}`,
    ),
    ...exceptions
      .filter((exception) => !needed.has(exception))
      .map((exception) => `the exception for ${exception.package} (${exception.licence}) is not needed`),
  ];
}

/** One choice of the expression asks for nothing outside the list. An expression that is nested more deeply than this reads is refused. */
function isAllowed(licence: string | undefined): boolean {
  if (licence === undefined) return false;
  const choices = licence.replace(/^\((.*)\)$/, '$1').split(' OR ');
  return choices.some((choice) => choice.split(' AND ').every((name) => LICENCES_ALLOWED.has(name)));
}

const names = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
