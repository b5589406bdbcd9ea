import { readdirSync } from 'node:fs';
import { Script } from '../../lib/redis/script.js';
import { SCRIPTS } from '../../lib/redis/scripts.js';
import { composeScript } from '../../lib/redis/lua-source.js';
import { HOUR, KEEP, newRun, useStore } from './store-fixture.js';

describe('scripts', () => {
  const store = useStore();

  it('are there, each file once', () => {
    const files = readdirSync(new URL('../../lib/redis/lua', import.meta.url)).filter((file) => file.endsWith('.lua'));
    const names = Object.values(SCRIPTS).map(({ name }) => `${name}.lua`);
    expect(names.sort()).toEqual(files.sort());
  });

  it('compile, and touch only keys that are built from the root', async () => {
    for (const { name } of Object.values(SCRIPTS)) {
      const source = composeScript(name);
      await store().redis.commands.script('LOAD', source);
      expect(source).not.toMatch(/KEYS\[[^1]/);
      expect(source.match(/KEYS\[1\]/g)).toHaveLength(1);
    }
  });

  it('fail loudly where a file is missing', () => {
    expect(() => new Script('no-such-script', 'list')).toThrow(
      'no-such-script.lua of script "no-such-script" is missing',
    );
  });

  it('are sent whole where Redis has forgotten them, at any moment', async () => {
    const flush = () => store().redis.commands.script('FLUSH');
    const { runs, work, registry } = store().store;
    await flush();
    await store().register('w', { maxConcurrency: 2 });
    await flush();
    await runs.enqueueMany([newRun('r1'), newRun('r2')]);
    await flush();
    const [first, second] = await store().claim('t');
    expect([first?.id, second?.id]).toEqual(['r1', 'r2']);
    const owner = { runId: 'r1', token: 't' };
    const outcome = { status: 'succeeded' } as const;
    const calls: (() => Promise<unknown>)[] = [
      () => work.extendLeases({ runs: [owner], leaseMs: HOUR }),
      () => store().spawn(owner, newRun('c')),
      () => work.suspend({ ...owner, steps: ['child'] }),
      () => work.finish({ workflow: 'w', runId: 'r2', token: 't', outcome }, KEEP),
      () => work.promote(),
      () => store().recover(),
      () => work.tidy({ retention: KEEP }),
      () => runs.listRuns({ limit: 1, offset: 0 }),
      () => registry.touch({ app: 'app', names: ['w'] }),
      () => store().cancel('r1'),
    ];
    for (const call of calls) {
      await flush();
      await expect(call()).resolves.toBeDefined();
    }
    expect(await runs.getRun('c')).toMatchObject({ status: 'canceled' });
  });

  it('survive a storm of flushes', async () => {
    let storming = true;
    const storm = (async () => {
      while (storming) await store().redis.commands.script('FLUSH');
    })();
    const ids = Array.from({ length: 200 }, (_, index) => `r${index}`);
    const enqueued = await Promise.all(
      ids.map((id, index) => new Promise((go) => setTimeout(go, index / 10)).then(() => store().queued(id))),
    );
    storming = false;
    await storm;
    expect(enqueued).toHaveLength(200);
    expect((await store().snapshot())['q:q:ready']).toHaveLength(200);
  });
});
