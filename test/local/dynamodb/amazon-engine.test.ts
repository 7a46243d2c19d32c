/** What the command for Amazon's engine says when it can't go on. The engine itself is not started here: it needs Java. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findJava, startAmazonEngine, verify } from '../../../lib/local/dynamodb/amazon-engine.ts';
import { temporaryFolder } from '../small-app.ts';

/** A JAVA_HOME whose Java says that it is of some version. */
function javaOf(version: string): string {
  const home = temporaryFolder();
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin', 'java'), `#!/bin/sh\necho 'openjdk ${version} 2025-04-15'\n`);
  chmodSync(join(home, 'bin', 'java'), 0o755);
  return home;
}

test('no Java is named, with what to do', () => {
  expect(() => findJava({ JAVA_HOME: '/nowhere' })).toThrow(
    '/nowhere/bin/java does not run, and DynamoDB Local needs Java\n  Install a Java runtime',
  );
});

test('a Java that is too old is named, and one that is not is taken', () => {
  expect(() => findJava({ JAVA_HOME: javaOf('1.8.0') })).toThrow('is too old (openjdk 1.8.0 2025-04-15)');
  const home = javaOf('17.0.15');
  expect(findJava({ JAVA_HOME: home })).toBe(join(home, 'bin', 'java'));
});

test('a folder without the engine is named', async () => {
  const folder = temporaryFolder();
  await expect(startAmazonEngine({ JAVA_HOME: javaOf('17.0.15'), DYNAMODB_LOCAL: folder })).rejects.toThrow(
    `There is no DynamoDBLocal.jar in ${folder}`,
  );
});

test('other bytes than those that were looked at are refused', () => {
  expect(() => verify(Buffer.from('other'))).toThrow('is not what it was (sha512-');
});
