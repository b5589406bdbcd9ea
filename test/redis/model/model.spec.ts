import { keysOf } from '../../support/redis.js';
import { useStore, type StoreFixture } from '../store-fixture.js';
import { Children } from './children.js';
import { brokenInvariants } from './invariants.js';
import { Simulation } from './simulation.js';
import type { World } from './world.js';

/*
 * More of it by hand: REDFLOW_MODEL_SEEDS=500 REDFLOW_MODEL_SEED=1 (the first) REDFLOW_MODEL_STEPS=200.
 */
const STEPS = Number(process.env['REDFLOW_MODEL_STEPS'] ?? 100);
const FIRST_SEED = Number(process.env['REDFLOW_MODEL_SEED'] ?? 1);
const SEEDS = Array.from({ length: Number(process.env['REDFLOW_MODEL_SEEDS'] ?? 6) }, (_, index) => FIRST_SEED + index);

describe('the store, under random operations of several workers', () => {
  const store = useStore();

  it.each(SEEDS)('holds its invariants, and leaves nothing behind (seed %i)', async (seed) => {
    const simulation = new Simulation(store(), seed);
    const end = await simulate(simulation);
    await simulation.outlive(end);
    expect(await unexpectedKeys(store())).toEqual([]);
  });

  it.each(SEEDS)('lets no damaged run stop the others (seed %i)', async (seed) => {
    await simulate(new Simulation(store(), seed, 4));
  });
});

async function simulate(simulation: Simulation): Promise<World> {
  const children = new Children(simulation);
  const fail = (broken: readonly string[]): never => {
    throw new Error(simulation.trace.report(broken));
  };
  await simulation.start();
  let world = await simulation.world();
  for (let step = 0; step < STEPS; step++) {
    const before = world;
    await simulation.step(before);
    world = await simulation.world();
    const { intrusions } = simulation.workers;
    const broken = [
      ...intrusions,
      ...brokenInvariants(world, before, simulation),
      ...children.forgotten(world, before),
    ];
    if (broken.length > 0) fail(broken);
  }
  const end = await simulation.drain();
  const left = [
    ...brokenInvariants(end, undefined, simulation),
    ...simulation.openRuns(end).map((id) => `${id} is open`),
  ];
  return left.length > 0 ? fail(left) : end;
}

// What stays when every run is gone: the registry, the bells, and what expires.
async function unexpectedKeys({ redis, keys }: StoreFixture): Promise<string[]> {
  const lasting = /^(workflows|workflow:.*|runs:workflows|q:.*:bell|worker:.*:claim|idempo:.*)$/;
  const left = await keysOf(redis.commands, redis.prefix);
  return left.map((key) => key.slice(keys.root.length)).filter((key) => !lasting.test(key));
}
