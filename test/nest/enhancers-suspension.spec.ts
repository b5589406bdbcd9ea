import { Catch, Injectable, Scope, UseFilters, UseInterceptors, type CallHandler, type ExceptionFilter, type NestInterceptor } from '@nestjs/common';
import { RedflowClient, Step, Workflow, type WorkflowContext } from '@redflow/nestjs';
import { finalize, tap, timeout } from 'rxjs';
import { outputOf, useNest } from './nest-apps.js';

const events: string[] = [];
beforeEach(() => void events.splice(0));

@Injectable()
class Watching implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler) {
    events.push('before');
    return next.handle().pipe(
      timeout(60_000),
      tap({
        next: (value) => events.push(`value ${value}`),
        error: (error: Error) => events.push(`error ${error.message}`),
        complete: () => events.push('complete'),
      }),
      finalize(() => events.push('finalize')),
    );
  }
}

@Catch()
class CatchAll implements ExceptionFilter {
  catch(error: unknown): never {
    events.push('filter');
    throw error;
  }
}

@Workflow({ name: 'child' })
class ChildWorkflow {
  async run(_ctx: WorkflowContext, input: { fail?: boolean }): Promise<string> {
    events.push('child');
    if (input.fail) throw new RangeError('child failed');
    return 'label';
  }
}

@Workflow({ name: 'parent' })
@UseInterceptors(Watching)
@UseFilters(CatchAll)
class ParentWorkflow {
  async run(ctx: WorkflowContext, input: { fail?: boolean }): Promise<string> {
    await this.prepare();
    return ctx.step.runWorkflow('child', ChildWorkflow, input);
  }

  @Step()
  async prepare(): Promise<void> {
    events.push('prepare');
  }
}

@Workflow({ name: 'scoped-parent', scope: Scope.REQUEST })
class ScopedParent extends ParentWorkflow {}

@Workflow({ name: 'bare-parent' })
class BareParent {
  async run(ctx: WorkflowContext): Promise<string> {
    return ctx.step.runWorkflow('child', ChildWorkflow, {});
  }
}

// `child` may run before or after the parent's pipeline is torn down.
const FIRST = ['before', 'prepare', 'finalize'];

describe('suspension', () => {
  const nest = useNest();
  const start = () => nest.start({ providers: [ParentWorkflow, ScopedParent, BareParent, ChildWorkflow] });
  const ofParent = () => events.filter((event) => event !== 'child');

  it.each([ParentWorkflow, ScopedParent])('passes through interceptors and filters unharmed: %p', async (workflow) => {
    await expect(outputOf(await start(), workflow, {})).resolves.toBe('label');
    expect(ofParent()).toEqual([...FIRST, 'before', 'value label', 'complete', 'finalize']);
    expect(events.filter((event) => event === 'child')).toHaveLength(1);
  });

  it('lets an error of the child through to interceptors and filters, once', async () => {
    const result = outputOf(await start(), ParentWorkflow, { fail: true });
    await expect(result).rejects.toMatchObject({ error: { name: 'RunFailedError' } });
    expect(ofParent()).toEqual([...FIRST, 'before', expect.stringMatching(/^error .*child failed/), 'finalize', 'filter']);
  });

  it('needs no interceptor', async () => {
    await expect(outputOf(await start(), BareParent, {})).resolves.toBe('label');
  });

  it('goes on on another instance of the application', async () => {
    const [one, two] = [await start(), await start()];
    const handles = await Promise.all(
      [one, two, one, two].map((app) => app.get(RedflowClient).run(ParentWorkflow, {})),
    );
    await expect(Promise.all(handles.map((handle) => handle.result()))).resolves.toEqual(Array(4).fill('label'));
    expect(events).not.toContain('filter');
    expect(events.filter((event) => event === 'prepare')).toHaveLength(4);
  });
});
