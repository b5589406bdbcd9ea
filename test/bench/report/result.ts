import { spread, type Spread } from '../statistics.js';
import type { Sample, Workload } from '../workload.js';
import type { Machine } from './machine.js';

export interface EngineResult {
  readonly engine: string;
  readonly samples: readonly Sample[];
  readonly summary: Readonly<Record<string, Spread>>;
}

export interface WorkloadResult {
  readonly workload: Workload;
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
