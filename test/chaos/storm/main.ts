import { parseArgs } from 'node:util';
import { storm, type StormResult } from './storm.js';

/*
 * npm run chaos -- --minutes 2 --seed 7 [--seeds 10] [--faults kill_worker,cut_network] [--verbose]
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    seeds: { type: 'string', default: '1' },
    faults: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

let failed = 0;
for (let i = 0; i < Number(values.seeds); i++) {
  const seed = Number(values.seed) + i;
  process.stdout.write(`storm: seed ${seed}, ${values.minutes} minutes\n`);
  const result = await storm({
    seed,
    durationMs: Number(values.minutes) * 60_000,
    kinds: values.faults?.split(','),
    onProgress: values.verbose ? (fault) => process.stdout.write(`  ${fault}\n`) : undefined,
  });
  failed += result.problems.length > 0 ? 1 : 0;
  process.stdout.write(describe(result));
}
process.exitCode = failed > 0 ? 1 : 0;

function describe({ seed, faults, figures, problems, story }: StormResult): string {
  const injected = Object.entries(faults).map(([name, count]) => `${name} ${count}`);
  const statuses = Object.entries(figures.byStatus).map(([status, count]) => `${count} ${status}`);
  return [
    `  faults: ${injected.join(', ')}`,
    `  runs: ${figures.runs} (${statuses.join(', ')}); steps: ${figures.steps}, interrupted and executed again: ${figures.interrupted}, frozen at their begin: ${figures.frozenAtBegin.length}`,
    `  longest time until an interrupted step was executed again: ${figures.worstGapMs} ms; calls refused: ${figures.refused}`,
    ...problems.slice(0, 50).map((problem) => `  PROBLEM ${problem}`),
    ...story.map((line) => `    ${line}`),
    `  seed ${seed}: ${problems.length === 0 ? 'in order' : `${problems.length} problems`}`,
    '',
  ].join('\n');
}
