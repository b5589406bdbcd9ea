import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAMS = ['storm/worker.process.ts', 'storm/producer.process.ts'];

/** Bundles programs of one folder (under `test/chaos`) for processes of their own, so that a killed one is replaced in no time. */
export async function bundlePrograms(
  programs: readonly string[] = PROGRAMS,
): Promise<{ readonly folder: string; remove(): void }> {
  const folder = join(ROOT, `node_modules/.cache/redflow/chaos-${process.pid}-${randomUUID()}`);
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: programs.map((program) => join(ROOT, 'test/chaos', program)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    tsconfig: join(ROOT, 'tsconfig.json'),
  });
  // Where the loader of scripts looks for them.
  cpSync(join(ROOT, 'lib/redis/lua'), join(folder, 'lua'), { recursive: true });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
