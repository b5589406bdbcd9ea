import { parseArgs } from 'node:util';
import { launchRedis } from '../../../lib/testing/redis-launcher.js';
import { killWorkers } from './experiment.js';

/*
 * npm run chaos:kill-worker -- [--kills 50] [--seed N] [--lease 300]
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    lease: { type: 'string', default: '300' },
  },
});

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const [kills, seed, leaseMs] = [Number(values.kills), Number(values.seed), Number(values.lease)];
console.log(`killing the only worker ${kills} times in the middle of a step: seed ${seed}, lease ${leaseMs} ms`);
const redis = await launchRedis();
try {
  const prefix = `chaos-${process.pid}-${seed}`;
  const { figures, violations } = await killWorkers({
    connection: redis.url,
    prefix,
    kills,
    seed,
    leaseMs,
    onProgress: progress,
  });
  progress('');
  for (const [name, value] of Object.entries(figures)) console.log(`  ${words(name).padEnd(40)}${value}`);
  for (const violation of violations) console.error(`violation: ${violation}`);
  console.log(violations.length === 0 ? 'no violation' : `${violations.length} violations`);
  process.exitCode = violations.length === 0 ? 0 : 1;
} finally {
  await redis.close();
}

function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
