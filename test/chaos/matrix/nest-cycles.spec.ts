import { Workflow } from '@redflow/nestjs';
import { begin, useNest } from '../../nest/nest-apps.js';
import { eventually } from '../../support/eventually.js';
import { keysOf } from '../../support/redis.js';

const CYCLES = 100;

@Workflow({ name: 'cycled', cron: [{ expression: '0 0 1 1 *' }] })
class CycledWorkflow {
  run(_ctx: unknown, input: number): number {
    return input;
  }
}

// Row 40. Connections and timers are watched by useRedis, too.
describe('an application that is opened and closed a hundred times', () => {
  const nest = useNest();

  it('leaves connections, timers, listeners and keys as they were', async () => {
    const connections = async () =>
      ((await nest.redis.commands.client('LIST')) as string).split(nest.redis.prefix).length;
    const resources = () => process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate').length;
    const listeners = () => process.eventNames().reduce((sum, event) => sum + process.listenerCount(event), 0);
    const cycle = async (n: number) => {
      const app = await nest.start({
        imports: [nest.redflow({ retention: { succeeded: { count: 1 } } })],
        providers: [CycledWorkflow],
      });
      const { handle } = await begin(app, CycledWorkflow, n);
      await handle.result({ timeoutMs: 10_000 });
      await app.close();
    };
    await cycle(0);
    const before = { listeners: listeners(), connections: await connections(), resources: resources() };
    const keys = (await keysOf(nest.redis.commands, nest.redis.prefix)).length;
    for (let n = 1; n <= CYCLES; n++) await cycle(n);
    await eventually(async () => {
      expect({ listeners: listeners(), connections: await connections() }).toEqual({
        listeners: before.listeners,
        connections: before.connections,
      });
      expect(resources()).toBeLessThanOrEqual(before.resources);
      return true;
    });
    // What a claim leaves for its repetition ends by itself.
    await eventually(async () => (await keysOf(nest.redis.commands, nest.redis.prefix)).length <= keys, 20_000);
  }, 120_000);
});
