#!/usr/bin/env node
/** `compute-exchange`: the command line of the exchange. Node 24 runs it as it stands. */
import { enableCompileCache } from 'node:module';

// Half of what a short call takes is reading this program; before the rest of it is loaded.
enableCompileCache();
const { run } = await import('./program.ts');

const interrupted = new AbortController();
process.once('SIGINT', () => {
  interrupted.abort();
  // A verb that goes on until it is interrupted ends by itself; any other is ended.
  setTimeout(() => process.exit(130), 500).unref();
});
// A reader that has seen enough, as `head` has, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 5));

const { stdin, stdout, stderr, env } = process;
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, env, signal: interrupted.signal });
