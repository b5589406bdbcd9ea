import { parseArgs } from 'node:util';
import { parseEngine, type EngineChoice } from './engine.js';
import type { Workload } from './workload.js';
import { WORKLOADS } from './workloads/catalogue.js';

export interface BenchOptions {
  readonly engines: readonly EngineChoice[];
  readonly workloads: readonly Workload[];
  readonly rounds: number;
  readonly json: boolean;
  readonly commands: boolean;
  readonly profileFolder: string | undefined;
}

export const USAGE = `npm run bench -- [options]      (npm run build first: the build is what is measured)

  --all               every workload; without it those marked *
  --workload NAME     this one; may be repeated
  --engines A,B       default bullmq,redflow; ratios are to the first. Options of an engine: redflow:retain=all.
                      Another engine: the path of a module as in engine.ts. Several options: --engines 'bullmq:a=1;b=2'
  --rounds N          alternating rounds, default 5
  --commands          the commands per run too
  --json              machine-readable, with every sample
  --cpu-prof FOLDER   write a CPU profile of each process

workloads:
${WORKLOADS.map(({ name, title, main }) => `  ${main ? '*' : ' '} ${name.padEnd(22)}${title}`).join('\n')}
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
      commands: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'cpu-prof': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds must be a positive integer, got "${values.rounds}"`);
  return {
    engines: values.engines.split(',').map(parseEngine),
    workloads: chooseWorkloads(values.workload, values.all),
    rounds,
    json: values.json,
    commands: values.commands,
    profileFolder: values['cpu-prof'],
  };
}

function chooseWorkloads(names: readonly string[], all: boolean): readonly Workload[] {
  if (names.length === 0) return all ? WORKLOADS : WORKLOADS.filter(({ main }) => main);
  return names.map((name) => {
    const workload = WORKLOADS.find((candidate) => candidate.name === name);
    if (!workload) throw new Error(`--workload ${name}: there are ${WORKLOADS.map((known) => known.name).join(', ')}`);
    return workload;
  });
}
