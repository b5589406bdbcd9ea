import type { Spread } from '../statistics.js';
import { significant } from './number-format.js';
import type { BenchResult, EngineResult, WorkloadResult } from './result.js';

const MOST_COMMANDS = 12;

/** What was measured, on what. */
export function header({ startedAt, machine, versions, rounds }: BenchResult): string {
  const engines = Object.entries(versions).map(([engine, version]) => `${engine} ${version}`);
  return [
    `${startedAt}, ${rounds} alternating rounds: median [min .. max], and the ratio of medians to the first engine`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}, Node ${machine.node}, ${machine.redis}`,
    engines.join(', '),
  ].join('\n');
}

/** One row per figure, one column per engine. */
export function table({ workload, engines }: WorkloadResult, withCommands: boolean): string {
  const [first, ...others] = engines;
  const head = [
    workload.name,
    ...engines.map(({ engine }) => engine),
    ...others.map(({ engine }) => `${engine} / ${first?.engine}`),
  ];
  const rows = workload.metrics.map(({ name, unit, better }) => {
    const spreads = engines.map(({ summary }) => summary[name] as Spread);
    const ratios = spreads.slice(1).map(({ median }) => (median / (spreads[0]?.median ?? NaN)).toFixed(2));
    return [`${unit}${better === 'more' ? ' (more is better)' : ''}`, ...spreads.map(format), ...ratios];
  });
  const noise = [
    '% CPU of other processes',
    ...engines.map(({ samples }) => samples.map((s) => s.foreignPercent.toFixed(0)).join(' ')),
  ];
  const lines = [`\n${workload.title}`, ...align([head, ...rows, [...noise, ...others.map(() => '')]])];
  if (workload.note !== undefined) lines.push(`note: ${workload.note}`);
  return [...lines, ...(withCommands ? engines.map(commands) : [])].join('\n');
}

function commands({ engine, samples }: EngineResult): string {
  const used = samples.at(-1)?.commands?.slice(0, MOST_COMMANDS) ?? [];
  const list = used.map(({ command, calls, usec }) => `${command} ${significant(calls)} (${significant(usec)} µs)`);
  return `${engine}: commands for each, costliest first: ${list.join(', ')}`;
}

function format({ median, min, max }: Spread): string {
  return `${significant(median)} [${significant(min)} .. ${significant(max)}]`;
}

function align(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  const [head, ...body] = rows;
  return [line(head ?? []), widths.map((width) => '-'.repeat(width)).join('  '), ...body.map(line)];
}
