import { readFile } from 'node:fs/promises';
import { spread, type Spread } from '../statistics.js';
import type { Sample, Workload, WorkloadDescription } from '../workload.js';
import type { Machine } from './machine.js';

export interface EngineResult {
  readonly engine: string;
  readonly samples: readonly Sample[];
  readonly summary: Readonly<Record<string, Spread>>;
}

export interface WorkloadResult {
  readonly workload: WorkloadDescription;
  readonly engines: readonly EngineResult[];
}

export interface BenchResult {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly results: readonly WorkloadResult[];
}

export function summarize(workload: Workload, samples: ReadonlyMap<string, readonly Sample[]>): WorkloadResult {
  const engines = [...samples].map(([engine, own]) => ({
    engine,
    samples: own,
    summary: Object.fromEntries(
      workload.metrics.map(({ name }) => [name, spread(own.map(({ values }) => values[name] ?? NaN))]),
    ),
  }));
  return { workload, engines };
}

/** What an earlier run has written with `--json`. */
export async function readResult(file: string): Promise<BenchResult> {
  const text = await readFile(file, 'utf8');
  // npm puts lines of its own before it.
  const json = text.slice(text.indexOf('{'));
  // JSON has no NaN, and writes null for it.
  return JSON.parse(json, (_, value: unknown) => (value === null ? NaN : value)) as BenchResult;
}
