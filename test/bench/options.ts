import { parseArgs } from 'node:util';
import { parseEngine, type EngineChoice } from './engine.js';
import type { Workload } from './workload.js';
import { BACKLOG_SIZES } from './workloads/backlog.js';
import { workloadsWith } from './workloads/catalogue.js';

export interface BenchOptions {
  readonly engines: readonly EngineChoice[];
  readonly workloads: readonly Workload[];
  readonly rounds: number;
  readonly json: boolean;
  readonly commands: boolean;
  readonly profileFolder: string | undefined;
  readonly plotFolder: string | undefined;
  /** Figures of an earlier run, instead of measuring. */
  readonly from: string | undefined;
  readonly aof: AppendOnly;
}

/** How Redis keeps what it has acknowledged: not at all, or in a file with an fsync per second or per answer. */
export type AppendOnly = (typeof APPEND_ONLY)[number];
const APPEND_ONLY = ['no', 'everysec', 'always'] as const;

const DEFAULT_WORKLOADS = workloadsWith({ backlogSizes: BACKLOG_SIZES });

export const USAGE = `npm run bench -- [options]      (npm run build first: the build is what is measured)

  --all               every workload; without it those marked *
  --workload NAME     this one; may be repeated
  --engines A,B       default bullmq,redflow; ratios are to the first. Options of an engine: redflow:retain=all.
                      Another engine: the path of a module as in engine.ts. Several options: --engines 'bullmq:a=1;b=2'
  --rounds N          alternating rounds, default 5
  --backlog-sizes A,B waiting runs of the workload backlog, default ${BACKLOG_SIZES.join(',')}
  --aof WHEN          no (default), everysec or always: the append-only file of Redis, and its fsync
  --commands          the commands per run too
  --json              machine-readable, with every sample
  --plots FOLDER      draw the ratios to the first engine as SVG
  --from FILE         do not measure: take what an earlier run has written with --json
  --cpu-prof FOLDER   write a CPU profile of each process

workloads:
${DEFAULT_WORKLOADS.map(({ name, title, main }) => `  ${main ? '*' : ' '} ${name.padEnd(22)}${title}`).join('\n')}
`;

/** @throws Error that names the option */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      all: { type: 'boolean', default: false },
      workload: { type: 'string', multiple: true, default: [] },
      engines: { type: 'string', default: 'bullmq,redflow' },
      rounds: { type: 'string', default: '5' },
      'backlog-sizes': { type: 'string', default: BACKLOG_SIZES.join(',') },
      commands: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      plots: { type: 'string' },
      from: { type: 'string' },
      aof: { type: 'string', default: 'no' },
      'cpu-prof': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const backlogSizes = values['backlog-sizes'].split(',').map((size) => positiveInteger('--backlog-sizes', size));
  return {
    engines: values.engines.split(',').map(parseEngine),
    workloads: chooseWorkloads(workloadsWith({ backlogSizes }), values.workload, values.all),
    rounds: positiveInteger('--rounds', values.rounds),
    json: values.json,
    commands: values.commands,
    profileFolder: values['cpu-prof'],
    plotFolder: values.plots,
    from: values.from,
    aof: appendOnly(values.aof),
  };
}

function appendOnly(value: string): AppendOnly {
  const known = APPEND_ONLY.find((each) => each === value);
  if (!known) throw new Error(`--aof: "${value}" is none of ${APPEND_ONLY.join(', ')}`);
  return known;
}

function positiveInteger(option: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${option}: "${value}" is not a positive integer`);
  return number;
}

function chooseWorkloads(workloads: readonly Workload[], names: readonly string[], all: boolean): readonly Workload[] {
  if (names.length === 0) return all ? workloads : workloads.filter(({ main }) => main);
  return names.map((name) => {
    const workload = workloads.find((candidate) => candidate.name === name);
    if (!workload) throw new Error(`--workload ${name}: there are ${workloads.map((known) => known.name).join(', ')}`);
    return workload;
  });
}
