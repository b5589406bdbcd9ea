import { readdirSync } from 'node:fs';
import { jest } from '@jest/globals';
import { SCRIPTS } from '../../lib/redis/scripts.js';
import { HOUR, useStore } from '../redis/store-fixture.js';
import { keysOf } from '../support/redis.js';
import { checkUp, linesOf } from './check-up.js';
import { mutate, omissionsOf, scriptsWith, type Mutation } from './lua-mutation.js';
import { SCENES } from './scenes/all.js';
import type { Scene } from './scenes/scene.js';

const LUA = new URL('../../lib/redis/lua/', import.meta.url);
const FILES = [...readdirSync(LUA), ...readdirSync(new URL('include/', LUA)).map((file) => `include/${file}`)].filter(
  (file) => file.endsWith('.lua') && omissionsOf(file).length > 0 && scriptsWith(file).length > 0,
);

/** What leaves no trace when it is left out, and why nothing is broken by it. */
const HARMLESS: readonly RegExp[] = [
  // A bell only wakes: without it an idle worker looks when its time-out ends.
  /\bring\(|\bring_queues\(|'RPUSH', bell/,
  // Matters where the memory is full.
  /'DEL', root/,
];

/**
 * Leaves out, in turn, every write of every script, and plays what clients and workers do: either the doctor
 * notices, or a transition comes to something else than it should. A new write needs one of the two.
 */
describe('a script that leaves out a write is caught', () => {
  const store = useStore();
  /** The scripts that each scene calls. */
  const calls = new Map<Scene, Set<string>>();

  const clear = async (): Promise<void> => {
    const keys = await keysOf(store().redis.commands, store().redis.prefix);
    if (keys.length > 0) await store().redis.commands.unlink(keys);
  };

  const look = async (): Promise<void> => {
    const violations = linesOf(await checkUp(store().redis, { leaseGraceMs: HOUR }));
    // Some scenes spoil a run themselves.
    const found = violations.find((violation) => !violation.startsWith('corrupt_run'));
    if (found) throw new Error(`doctor: ${found}`);
  };

  const isCaught = async (play: Scene, mutation: Mutation): Promise<boolean> => {
    const restore = mutate(mutation);
    try {
      await play(store(), look);
      await look();
      return false;
    } catch {
      return true;
    } finally {
      restore();
    }
  };

  beforeAll(() => expect(FILES.length).toBeGreaterThan(20));

  it('in scenes that call every script and are in order without omissions', async () => {
    const spies = Object.values(SCRIPTS).map((script) => [script.name, jest.spyOn(script, 'call')] as const);
    for (const play of Object.values(SCENES)) {
      spies.forEach(([, spy]) => spy.mockClear());
      await play(store(), async () => undefined);
      await look();
      calls.set(play, new Set(spies.filter(([, spy]) => spy.mock.calls.length > 0).map(([name]) => name)));
    }
    spies.forEach(([, spy]) => spy.mockRestore());
    const called = new Set([...calls.values()].flatMap((names) => [...names]));
    const silent = spies.map(([name]) => name).filter((name) => !called.has(name));
    expect(silent.filter((name) => !/^(inspect|repair|find|list)-/.test(name))).toEqual([]);
  }, 120_000);

  it.each(FILES)(
    '%s',
    async (file) => {
      const scripts = scriptsWith(file).map(({ name }) => name);
      const scenes = Object.values(SCENES).filter((play) => scripts.some((name) => calls.get(play)?.has(name)));
      const missed: string[] = [];
      for (const mutation of omissionsOf(file)) {
        if (HARMLESS.some((pattern) => pattern.test(mutation.from))) continue;
        await clear();
        let caught = false;
        for (const play of scenes) if (!caught) caught = await isCaught(play, mutation);
        if (!caught) missed.push(mutation.from.trim());
      }
      expect(missed).toEqual([]);
    },
    600_000,
  );
});
