import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { getRedflowHealthToken, RedflowHealthIndicator, Workflow } from '@redflow/nestjs';
import { describeWithServer, usePrivateRedis } from '../chaos/matrix/support/private-redis.js';
import { eventually } from '../support/eventually.js';
import { useNest } from './nest-apps.js';

@Workflow({ name: 'idle' })
class IdleWorkflow {
  run(): void {}
}

describe('health', () => {
  const nest = useNest();

  it('is ready and alive while the worker runs, as terminus sees it', async () => {
    const app = await nest.start({
      imports: [nest.redflow(), TerminusModule.forRoot({ logger: false })],
      providers: [IdleWorkflow],
    });
    const health = app.get(HealthCheckService);
    const redflow = app.get(RedflowHealthIndicator);
    await expect(health.check([() => redflow.readiness(), () => redflow.liveness('alive')])).resolves.toMatchObject({
      status: 'ok',
      details: { redflow: { status: 'up', worker: 'running' }, alive: { status: 'up', worker: 'running' } },
    });
  });

  it('needs no worker where there is none to be', async () => {
    const producer = await nest.start({ imports: [nest.redflow({ worker: false })], providers: [IdleWorkflow] });
    const redflow = producer.get(RedflowHealthIndicator);
    await expect(redflow.readiness()).resolves.toEqual({ redflow: { status: 'up' } });
    expect(redflow.liveness()).toEqual({ redflow: { status: 'up' } });
    const bare = await nest.start({});
    await expect(bare.get(RedflowHealthIndicator).readiness()).resolves.toEqual({ redflow: { status: 'up' } });
  });

  it('is not ready from the begin of a shutdown, and still alive', async () => {
    const answers: unknown[] = [];
    @Injectable()
    class Prober implements BeforeApplicationShutdown {
      constructor(private readonly redflow: RedflowHealthIndicator) {}
      async beforeApplicationShutdown(): Promise<void> {
        answers.push(await this.redflow.readiness(), this.redflow.liveness());
      }
    }
    const app = await nest.start({ providers: [IdleWorkflow, Prober] });
    await app.close();
    expect(answers).toEqual([
      { redflow: { status: 'down', message: 'the application is shutting down', worker: 'quiet' } },
      { redflow: { status: 'up', worker: 'quiet' } },
    ]);
    expect(app.get(RedflowHealthIndicator).liveness()).toMatchObject({ redflow: { worker: 'stopped' } });
  });

  it('is not alive once the loops of the worker have taken no turn for so long', async () => {
    const app = await nest.start({ providers: [IdleWorkflow] });
    const redflow = app.get(RedflowHealthIndicator);
    expect(redflow.liveness().redflow).toMatchObject({ status: 'up' });
    await eventually(() => redflow.liveness('alive', { stalledAfterMs: 5 }).alive.status === 'down');
    expect(() => redflow.liveness('alive', { stalledAfterMs: 0 })).toThrow('stalledAfterMs');
  });

  it('is told for each instance', async () => {
    @Injectable()
    class Probes {
      constructor(
        readonly first: RedflowHealthIndicator,
        @Inject(getRedflowHealthToken('second')) readonly second: RedflowHealthIndicator,
      ) {}
    }
    const second = nest.redflow({ name: 'second', prefix: `${nest.redis.prefix}-second` });
    const app = await nest.start({ imports: [nest.redflow(), second], providers: [IdleWorkflow, Probes] });
    const probes = app.get(Probes);
    await expect(probes.first.readiness()).resolves.toEqual({ redflow: { status: 'up', worker: 'running' } });
    await expect(probes.second.readiness()).resolves.toEqual({ 'redflow:second': { status: 'up' } });
  });
});

describeWithServer('health while Redis is away', () => {
  const redis = usePrivateRedis();
  const nest = useNest();

  it('is not ready until it is back, and alive all the time', async () => {
    const imports = [
      nest.redflow({ connection: redis.url, commandTimeoutMs: 500 }),
      TerminusModule.forRoot({ logger: false }),
    ];
    const app = await nest.start({ imports, providers: [IdleWorkflow] });
    const redflow = app.get(RedflowHealthIndicator);
    const ready = () => app.get(HealthCheckService).check([() => redflow.readiness()]);
    await expect(ready()).resolves.toMatchObject({ status: 'ok' });
    await redis.server.kill();
    try {
      // A call that was under way when the server died gets no answer, a later one no connection.
      const message = expect.stringMatching(/no connection|no answer|timed out/) as string;
      await expect(ready()).rejects.toMatchObject({
        response: { status: 'error', error: { redflow: { status: 'down', worker: 'running', message } } },
      });
      const quick = { status: 'down', message: 'Redis does not answer within 20 ms' };
      await expect(redflow.readiness('quick', { timeoutMs: 20 })).resolves.toMatchObject({ quick });
      expect(redflow.liveness()).toMatchObject({ redflow: { status: 'up' } });
    } finally {
      await redis.server.boot();
    }
    await eventually(async () => (await redflow.readiness()).redflow?.status === 'up');
  });

  it('does not hold up a shutdown', async () => {
    const connection = redis.url;
    const app = await nest.start({
      imports: [nest.redflow({ connection, commandTimeoutMs: 300 })],
      providers: [IdleWorkflow],
    });
    await redis.server.kill();
    try {
      await app.close();
    } finally {
      await redis.server.boot();
    }
  });
});
