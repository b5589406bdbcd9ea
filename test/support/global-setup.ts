import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Config } from 'jest';
import type { launchRedis as LaunchRedis, LaunchedRedis } from '../../lib/testing/redis-launcher.js';

declare global {
  var redflowTestRedis: LaunchedRedis | undefined;
}

/** Finds or brings one Redis for all specs (the prefixes of `useRedis` keep them apart), and says where in `REDFLOW_TEST_URL`. */
export default async function launchTestRedis({ rootDir }: Required<Pick<Config, 'rootDir'>>): Promise<void> {
  const { launchRedis } = await loadLauncher(rootDir);
  const onProgress = (message: string) => process.stderr.write(`redflow tests: ${message}\n`);
  globalThis.redflowTestRedis = await launchRedis({ onProgress });
  process.env['REDFLOW_TEST_URL'] = globalThis.redflowTestRedis.url;
}

// Jest loads this file by `require`, which does not find `x.ts` under the name `./x.js`: hence a bundle.
async function loadLauncher(rootDir: string): Promise<{ launchRedis: typeof LaunchRedis }> {
  const outfile = join(rootDir, `node_modules/.cache/redflow/redis-launcher-${process.pid}.cjs`);
  const entry = join(rootDir, 'lib/testing/redis-launcher.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'cjs', packages: 'external' });
  try {
    return createRequire(outfile)(outfile) as { launchRedis: typeof LaunchRedis };
  } finally {
    await rm(outfile);
  }
}
