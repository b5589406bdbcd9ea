import { Inject, Injectable, Scope, UseGuards, type CanActivate } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { OnFailure, RedflowClient, Step, Workflow, type WorkflowContext, type WorkflowFailure } from '@redflow/nestjs';
import { outputOf, useNest } from './nest-apps.js';

const seen: unknown[] = [];
beforeEach(() => void seen.splice(0));

@Injectable({ scope: Scope.REQUEST })
class RunCache {
  readonly entries: string[] = [];
  constructor(@Inject(REQUEST) readonly request: WorkflowContext | WorkflowFailure) {}
}

@Injectable()
class Prices {
  constructor(private readonly cache: RunCache) {}
  look(item: string): string {
    this.cache.entries.push(item);
    return this.cache.entries.join();
  }
}

@Injectable()
class CacheGuard implements CanActivate {
  constructor(private readonly cache: RunCache) {}
  canActivate(): boolean {
    this.cache.entries.push('guard');
    return true;
  }
}

@Workflow({ name: 'priced', maxConcurrency: 10 })
@UseGuards(CacheGuard)
class PricedWorkflow {
  constructor(
    private readonly prices: Prices,
    private readonly cache: RunCache,
  ) {}

  async run(ctx: WorkflowContext, input: string): Promise<unknown> {
    await this.look(input);
    return [this.cache.request === ctx, ctx.run.id, this.cache.entries];
  }

  @Step()
  async look(item: string): Promise<string> {
    return this.prices.look(item);
  }
}

describe('request scope', () => {
  const nest = useNest();

  it('is the run: one instance of each provider per run, and REQUEST is its context', async () => {
    const app = await nest.start({ providers: [RunCache, Prices, PricedWorkflow] });
    const redflow = app.get(RedflowClient);
    const handles = await redflow.runMany(['a', 'b'].map((input) => ({ workflow: PricedWorkflow, input })));
    await expect(Promise.all(handles.map((handle) => handle.result()))).resolves.toEqual([
      [true, handles[0]?.id, ['guard', 'a']],
      [true, handles[1]?.id, ['guard', 'b']],
    ]);
    const steps = await redflow.getRunSteps(handles[0]?.id as string);
    expect(steps.map(({ name }) => name)).toEqual(['look']);
  });

  it('reaches the failure handler, whose request is the failure', async () => {
    @Workflow()
    class Failing {
      constructor(private readonly cache: RunCache) {}
      async run(): Promise<void> {
        throw new Error('no');
      }
      @OnFailure()
      async undo(failure: WorkflowFailure): Promise<void> {
        seen.push(this.cache.request === failure);
      }
    }
    const app = await nest.start({ providers: [RunCache, Failing] });
    await expect(outputOf(app, Failing)).rejects.toMatchObject({ error: { message: 'no' } });
    expect(seen).toEqual([true]);
  });

  it('can be that of the workflow class itself, and so can transient', async () => {
    const count = { request: 0, transient: 0 };
    @Workflow({ scope: Scope.REQUEST })
    class Requested {
      readonly nth = ++count.request;
      async run(): Promise<number> {
        return this.nth;
      }
    }
    @Injectable({ scope: Scope.TRANSIENT })
    @Workflow()
    class Transient {
      readonly nth = ++count.transient;
      async run(): Promise<number> {
        return this.step();
      }
      @Step()
      async step(): Promise<number> {
        return this.nth;
      }
    }
    const app = await nest.start({ providers: [Requested, Transient] });
    await expect(outputOf(app, Requested)).resolves.toBe(1);
    await expect(outputOf(app, Requested)).resolves.toBe(2);
    const first = await outputOf(app, Transient);
    await expect(outputOf(app, Transient)).resolves.toBe((first as number) + 1);
  });

  it('fails the run, with the reason, where a dependency cannot be made', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Broken {
      constructor() {
        throw new Error('broken dependency');
      }
    }
    @Workflow()
    class Dependent {
      constructor(readonly broken: Broken) {}
      async run(): Promise<void> {}
    }
    const app = await nest.start({ providers: [Broken, Dependent] });
    await expect(outputOf(app, Dependent)).rejects.toMatchObject({ error: { message: 'broken dependency' } });
  });
});
