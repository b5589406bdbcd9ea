#!/usr/bin/env node
/*
 * The sample on real input, from a fresh clone to a verdict: `npm run demo`. Installs and builds what is
 * missing, finds or brings a Redis, starts a provider, an API and two workers, feeds 1,000 orders over
 * HTTP, kills a worker half-way, and audits what has come of every order. Exit code 0 if all is well.
 */
import { ProcessEnded } from './demo/child.mjs';
import { Cleanup } from './demo/cleanup.mjs';
import { prepare } from './demo/prepare.mjs';

const cleanup = new Cleanup();
try {
  await prepare(cleanup);
  // Imported late: it needs the packages and the build.
  const { show } = await import('./demo/show.mjs');
  process.exitCode = (await show(cleanup)) ? 0 : 1;
} catch (error) {
  if (!cleanup.started) console.error(error instanceof ProcessEnded ? error.message : error);
  process.exitCode = 1;
}
await cleanup.run();
