import { parseArgs } from 'node:util';
import { StormRedis } from '../storm/redis-server.js';
import { strikeLeaders } from './cron-leaders.js';
import { crowdOut, workOffBacklog } from './crowd.js';
import { expectedFamily, killParentHalfway } from './family.js';
import { raceForKeys } from './idempotency-race.js';
import { restartRedis } from './redis-restarts.js';
import { rollWorkers } from './rolling-restart.js';

/*
 * The long forms of what the specs do in short, on a Redis of their own:
 *
 * npm run chaos:matrix -- <experiment> [--times N] [--seed N]
 */
interface Place {
  readonly server: StormRedis;
  readonly connection: string;
  readonly prefix: string;
  readonly seed: number;
}

interface Experiment {
  readonly times: number;
  /** Gives the figures, and whether they are as they must be. */
  run(place: Place, times: number): Promise<{ figures: object; isRight: boolean }>;
}

const EXPERIMENTS: Readonly<Record<string, Experiment>> = {
  restarts: {
    times: 20,
    async run({ server, prefix }, times) {
      const { log, ...figures } = await restartRedis(server, prefix, times);
      const isRight = figures.notSucceeded.length + figures.violations.length === 0;
      const told = (start: string) => log.filter((line) => line.startsWith(start)).length;
      const lines = { lines: log.length, lost: told('connection to Redis lost'), recovered: told('run ') };
      return { figures: { ...figures, ...lines }, isRight };
    },
  },
  cron: {
    times: 200,
    async run({ connection, prefix, seed }, kills) {
      const onProgress = (text: string) => process.stderr.write(`${text}\n`);
      const figures = await strikeLeaders({ connection, prefix, kills, lanes: 6, seed }, onProgress);
      const isComplete = figures.kills === kills && figures.ticksOfKills >= kills;
      const problems = [...figures.wrong, ...figures.violations];
      return { figures, isRight: isComplete && problems.length === 0 && figures.runs === figures.ticks };
    },
  },
  rolling: {
    times: 10,
    async run({ connection, prefix }, rounds) {
      const figures = await rollWorkers({ connection, prefix, rounds });
      const problems = [figures.wrong, figures.unclean, figures.recovered, figures.violations];
      return { figures, isRight: problems.every((list) => list.length === 0) };
    },
  },
  family: {
    times: 10_000,
    async run({ connection, prefix }, children) {
      const figures = await killParentHalfway({ connection, prefix, children });
      const isRight = JSON.stringify(figures.output) === JSON.stringify(expectedFamily(children));
      return { figures, isRight: isRight && figures.children === children && figures.violations.length === 0 };
    },
  },
  backlog: {
    times: 100_000,
    async run({ server, connection, prefix }, runs) {
      server.prefer();
      const figures = await workOffBacklog({ connection, prefix, runs });
      return { figures, isRight: Object.keys(figures.slow).length === 0 };
    },
  },
  tenant: {
    times: 50_000,
    async run({ connection, prefix }, hot) {
      const figures = await crowdOut({ connection, prefix, hot, limit: 5 });
      return { figures, isRight: figures.mostHotHolders <= 5 && figures.hotLeft > 0 };
    },
  },
  idempotency: {
    times: 200,
    async run({ connection, prefix }, clients) {
      const figures = await raceForKeys({ connection, prefix, clients, keys: 100, kills: true });
      return { figures, isRight: figures.runs === figures.keys && figures.disagreements === 0 };
    },
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string' }, seed: { type: 'string', default: '1' } },
});
const experiment = EXPERIMENTS[positionals[0] ?? ''];
if (!experiment) throw new Error(`name an experiment: ${Object.keys(EXPERIMENTS).join(', ')}`);
const server = await StormRedis.start();
try {
  const place = { server, connection: `redis://127.0.0.1:${server.port}`, prefix: 'matrix', seed: Number(values.seed) };
  const { figures, isRight } = await experiment.run(place, Number(values.times ?? experiment.times));
  process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n${isRight ? 'in order' : 'NOT in order'}\n`);
  process.exitCode = isRight ? 0 : 1;
} finally {
  await server.close();
}
