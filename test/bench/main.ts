import { Redis } from 'ioredis';
import { launchRedis } from '../../lib/testing/redis-launcher.js';
import { loadEngine } from './engine.js';
import { Lab } from './lab.js';
import { parseOptions, USAGE, type BenchOptions } from './options.js';
import { describeMachine } from './report/machine.js';
import { writePlots } from './report/plots.js';
import { readResult, summarize, type BenchResult, type WorkloadResult } from './report/result.js';
import { header, table } from './report/table.js';
import type { Sample, Workload } from './workload.js';

/** All engines alternate, so that what disturbs the machine disturbs all of them. */
async function measure(url: string, workload: Workload, options: BenchOptions): Promise<WorkloadResult> {
  const samples = new Map<string, Sample[]>(options.engines.map(({ label }) => [label, []]));
  const rounds = Math.min(options.rounds, workload.maxRounds ?? Infinity);
  for (let round = 1; round <= rounds; round++) {
    for (const engine of options.engines) {
      progress(`${workload.name}, round ${round} of ${rounds}, ${engine.label}`);
      const lab = await Lab.open(url, engine, options.profileFolder);
      try {
        samples.get(engine.label)?.push(await workload.measure(lab));
      } finally {
        await lab.close();
      }
    }
  }
  progress('');
  return summarize(workload, samples);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function keepFile(redis: Redis, fsync: 'everysec' | 'always'): Promise<void> {
  await redis.config('SET', 'appendfsync', fsync);
  await redis.config('SET', 'appendonly', 'yes');
}

/** Shows each workload as soon as it is measured. */
async function run(options: BenchOptions): Promise<BenchResult> {
  const server = await launchRedis({ private: true });
  const redis = new Redis(server.url);
  try {
    if (options.aof !== 'no') await keepFile(redis, options.aof);
    const versions: Record<string, string> = {};
    for (const { label, module } of options.engines) versions[label] = (await loadEngine(module)).version();
    const { rounds, json, workloads, commands } = options;
    const results: WorkloadResult[] = [];
    const result: BenchResult = {
      startedAt: new Date().toISOString(),
      machine: await describeMachine(redis),
      versions,
      rounds,
      results,
    };
    if (!json) console.log(header(result));
    for (const workload of workloads) {
      const measured = await measure(server.url, workload, options);
      results.push(measured);
      if (!json) console.log(table(measured, commands));
    }
    return result;
  } finally {
    redis.disconnect();
    await server.close();
  }
}

async function recall(file: string, { json, commands }: BenchOptions): Promise<BenchResult> {
  const result = await readResult(file);
  if (!json) for (const text of [header(result), ...result.results.map((r) => table(r, commands))]) console.log(text);
  return result;
}

async function bench(options: BenchOptions): Promise<void> {
  const { from, json, plotFolder } = options;
  const result = from === undefined ? await run(options) : await recall(from, options);
  if (json) console.log(JSON.stringify(result, null, 2));
  if (plotFolder !== undefined) for (const file of await writePlots(result, plotFolder)) console.error(file);
}

const options = parseOptions(process.argv.slice(2));
if (options === 'help') console.log(USAGE);
else await bench(options);
