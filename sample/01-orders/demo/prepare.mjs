import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Child } from './child.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SAMPLE_DIST = new URL('../dist/', import.meta.url);

/** Brings a fresh clone to the point where the sample can run. Needs nothing but Node and npm. */
export async function prepare(cleanup) {
  if (!existsSync(`${ROOT}node_modules/.package-lock.json`)) {
    await run('Installing packages', ['npm', 'ci', '--no-audit', '--no-fund'], cleanup);
  }
  await run('Building redflow', ['npm', 'run', 'build'], cleanup);
  await rm(SAMPLE_DIST, { recursive: true, force: true });
  const compiler = `${ROOT}node_modules/typescript/bin/tsc`;
  await run('Building the sample', [process.execPath, compiler, '-p', 'sample/01-orders'], cleanup);
}

async function run(title, command, cleanup) {
  console.log(`${title} …`);
  await new Child({ name: command.join(' '), command, cwd: ROOT, cleanup }).exit();
}
