import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metric } from '../workload.js';
import { barChart, type Bar } from './bar-chart.js';
import { significant } from './number-format.js';
import type { BenchResult, EngineResult, WorkloadResult } from './result.js';

interface Plot {
  readonly file: string;
  readonly title: string;
  /** Which metrics belong to it; what the group matches is added to the name of the workload. */
  readonly metrics: RegExp;
  readonly better: Metric['better'];
}

const PLOTS: readonly Plot[] = [
  { file: 'throughput.svg', title: 'Throughput', metrics: /^rate(?:@(.+))?$/, better: 'more' },
  { file: 'redis-cpu.svg', title: 'CPU time of Redis', metrics: /^redisCpu(?:@(.+))?$/, better: 'less' },
  { file: 'redis-commands.svg', title: 'Redis commands', metrics: /^commands(?:@(.+))?$/, better: 'less' },
  { file: 'node-cpu.svg', title: 'CPU time of Node', metrics: /^nodeCpu(?:@(.+))?$/, better: 'less' },
  { file: 'latency.svg', title: 'Time until the caller has the result', metrics: /^result(P\d+)$/, better: 'less' },
];

/** One chart per figure, of the ratio to the first engine. @returns the files */
export async function writePlots(result: BenchResult, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for (const plot of PLOTS) {
    const bars = result.results.flatMap((workload) => barsOf(plot, workload));
    if (bars.length === 0) continue;
    const file = join(folder, plot.file);
    await writeFile(file, barChart({ ...headings(plot, result), bars }));
    files.push(file);
  }
  return files;
}

function headings({ title, better }: Plot, { startedAt, machine, versions, rounds }: BenchResult) {
  const [first, ...others] = Object.keys(versions);
  const engines = Object.entries(versions).map(([engine, version]) => `${engine} ${version}`);
  return {
    title: `${title}, ${others.join(' and ')} : ${first}`,
    subtitle: `ratio of medians; ${better} is better: ${better === 'more' ? 'right' : 'left'} of 1`,
    footer: [
      `${engines.join(', ')}, ${machine.redis}, Node ${machine.node}`,
      `${machine.cpu}, ${machine.cores} cores; at most ${rounds} alternating ${rounds === 1 ? 'round' : 'rounds'}; ${startedAt.slice(0, 10)}`,
    ],
  };
}

function barsOf({ metrics, better }: Plot, { workload, engines }: WorkloadResult): Bar[] {
  const [first, ...others] = engines;
  if (!first) return [];
  return workload.metrics.flatMap(({ name, unit }) => {
    const match = metrics.exec(name);
    if (!match) return [];
    const label = [workload.name, match[1]].filter(Boolean).join(' ');
    const base = median(first, name);
    return others
      .map((other) => ({ other, own: median(other, name) }))
      .filter(({ own }) => own / base > 0 && Number.isFinite(own / base))
      .map(({ other, own }) => ({
        label: others.length > 1 ? `${label} (${other.engine})` : label,
        ratio: own / base,
        isBetter: better === 'more' ? own >= base : own <= base,
        detail: `${significant(own)} : ${significant(base)} ${unit.replace(/^.*: | until .*$/g, '')}`,
      }));
  });
}

function median({ summary }: EngineResult, metric: string): number {
  return summary[metric]?.median ?? NaN;
}
