import type { CommandUse } from './redis-counters.js';
import type { Lab, Use } from './lab.js';

/** A figure that a workload gives. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  /** Which direction is good. */
  readonly better: 'more' | 'less';
}

/** One measurement of one engine. */
export interface Sample {
  readonly values: Readonly<Record<string, number>>;
  readonly foreignPercent: number;
  /** Commands per run, the costliest first. */
  readonly commands?: readonly CommandUse[];
}

export interface WorkloadDescription {
  readonly name: string;
  readonly title: string;
  /** Part of a run that names no workloads. */
  readonly main: boolean;
  /** Fewer rounds than asked for, where one takes long and varies little. */
  readonly maxRounds?: number;
  readonly metrics: readonly Metric[];
  /** How the engines differ in what they do for it. */
  readonly note?: string;
}

export interface Workload extends WorkloadDescription {
  measure(lab: Lab): Promise<Sample>;
}

export const RATE: Metric = { name: 'rate', unit: 'runs/s', better: 'more' };

/** What one of many costs: a run, where nothing else is said. */
export function costsPer(what: string): readonly Metric[] {
  return [
    { name: 'redisCpu', unit: `µs Redis CPU/${what}`, better: 'less' },
    { name: 'scriptTime', unit: `µs in scripts/${what}`, better: 'less' },
    { name: 'nodeCpu', unit: `µs Node CPU/${what}`, better: 'less' },
    { name: 'commands', unit: `commands/${what}`, better: 'less' },
    { name: 'roundTrips', unit: `round trips/${what}`, better: 'less' },
    { name: 'bytesIn', unit: `bytes to Redis/${what}`, better: 'less' },
    { name: 'bytesOut', unit: `bytes from Redis/${what}`, better: 'less' },
  ];
}

export const COSTS = costsPer('run');

/** @param cpuUs of the Node processes that count */
export function costs({ redis }: Use, cpuUs: number, runs: number): Record<string, number> {
  return {
    redisCpu: redis.cpuUs / runs,
    scriptTime: redis.scriptUs / runs,
    nodeCpu: cpuUs / runs,
    commands: redis.commands / runs,
    roundTrips: redis.reads / runs,
    bytesIn: redis.bytesIn / runs,
    bytesOut: redis.bytesOut / runs,
  };
}

export function commandsPerRun({ redis }: Use, runs: number): CommandUse[] {
  return redis.byCommand.map(({ command, calls, usec }) => ({ command, calls: calls / runs, usec: usec / runs }));
}

export function perSecond(count: number, ms: number): number {
  return (count / ms) * 1_000;
}
