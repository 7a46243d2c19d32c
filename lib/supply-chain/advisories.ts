/**
 * What is known to be wrong with the packages in use, as `npm audit` learns it from the registry. Where the registry does not
 * answer that question nothing is known, which is not the same as nothing being wrong: the answer says which it is.
 */
import { spawnSync } from 'node:child_process';
import { ADVISORY_EXCEPTIONS, type AdvisoryException } from './exceptions.ts';

export interface Advisory {
  /** As in `GHSA-xxxx-xxxx-xxxx`, or the address when it has none. */
  readonly id: string;
  readonly package: string;
  readonly severity: string;
  readonly title: string;
}

/** The known advisories, or why nothing is known. */
export type Answer = { readonly advisories: readonly Advisory[] } | { readonly unknown: string };

const WITHIN_MS = 60_000;

interface Report {
  /** Why there is no report. */
  readonly message?: string;
  readonly vulnerabilities?: Readonly<
    Record<string, { readonly via: readonly (string | { name: string; title: string; url: string; severity: string })[] }>
  >;
}

/** Asks for every package of the lockfile in a folder, those of development included. */
export function askForAdvisories(folder: string, registry?: string): Answer {
  const options = [
    'audit',
    '--json',
    '--package-lock-only',
    '--fetch-retries=1',
    ...(registry === undefined ? [] : ['--registry', registry]),
  ];
  const asked = spawnSync('npm', options, { cwd: folder, encoding: 'utf8', timeout: WITHIN_MS, maxBuffer: 2 ** 28 });
  const report = parse(asked.stdout);
  if (report?.vulnerabilities === undefined)
    return { unknown: report?.message ?? asked.error?.message ?? (asked.stderr?.trim() || 'no reason given') };
  const found = Object.values(report.vulnerabilities).flatMap(({ via }) => via.filter((each) => typeof each === 'object'));
  const advisories = found.map(({ name, title, url, severity }) => ({
    id: /GHSA(-[0-9a-z]{4}){3}/.exec(url)?.[0] ?? url,
    package: name,
    severity,
    title,
  }));
  return { advisories: [...new Map(advisories.map((each) => [`${each.id} ${each.package}`, each])).values()] };
}

/** One line an advisory without an exception that counts today, and one an exception that nothing needs. */
export function advisoryFaults(
  advisories: readonly Advisory[],
  today: string,
  exceptions: readonly AdvisoryException[] = ADVISORY_EXCEPTIONS,
): string[] {
  const of = (advisory: Advisory) =>
    exceptions.find((exception) => exception.id === advisory.id && exception.package === advisory.package);
  return [
    ...advisories.flatMap((advisory) => {
      const exception = of(advisory);
      const line = `${advisory.package}: ${advisory.title} (${advisory.severity}, ${advisory.id})`;
      if (exception === undefined) return [line];
      return exception.until < today ? [`${line}; its exception ended on ${exception.until}`] : [];
    }),
    ...exceptions
      .filter((exception) => !advisories.some((advisory) => of(advisory) === exception))
      .map(({ id, package: name }) => `the exception for ${id} in ${name} is not needed`),
  ];
}

function parse(text: string | undefined): Report | undefined {
  try {
    return JSON.parse(text ?? '') as Report;
  } catch {
    return undefined;
  }
}
