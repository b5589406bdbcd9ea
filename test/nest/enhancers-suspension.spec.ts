import {
  Catch,
  Injectable,
  Scope,
  UseFilters,
  UseInterceptors,
  type CallHandler,
  type ExceptionFilter,
  type NestInterceptor,
} from '@nestjs/common';
import {
  RedflowClient,
  Step,
  Workflow,
  type RunHandle,
  type WorkflowContext,
  type WorkflowReference,
} from '@redflow/nestjs';
import { finalize, tap, timeout } from 'rxjs';
import { eventually } from '../support/eventually.js';
import { begin, useNest } from './nest-apps.js';

const events: string[] = [];
/** Lets the child wait until its parent is suspended. */
let parentSuspended: () => void;
let suspension: Promise<void>;
beforeEach(() => {
  events.splice(0);
  suspension = new Promise((resolve) => (parentSuspended = resolve));
});

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
    await suspension;
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

const SUSPENDED = ['before', 'prepare', 'finalize'];

describe('suspension', () => {
  const nest = useNest();
  const start = () => {
    const worker = { concurrency: 20 };
    return nest.start({
      imports: [nest.redflow({ worker })],
      providers: [ParentWorkflow, ScopedParent, BareParent, ChildWorkflow],
    });
  };

  /** Runs a parent, lets the child go on once the parent is suspended, and gives the handle. */
  async function suspend(workflow: WorkflowReference, input: unknown = {}): Promise<RunHandle> {
    const { handle } = await begin(await start(), workflow, input);
    await eventually(async () => (await handle.state()).status === 'waiting');
    return handle;
  }

  it.each([ParentWorkflow, ScopedParent])('passes through interceptors and filters unharmed: %p', async (workflow) => {
    const handle = await suspend(workflow);
    await eventually(() => expect(events).toEqual(SUSPENDED) === undefined);
    parentSuspended();
    await expect(handle.result({ timeoutMs: 10_000 })).resolves.toBe('label');
    expect(events).toEqual([...SUSPENDED, 'child', 'before', 'value label', 'complete', 'finalize']);
  });

  it('lets an error of the child through to interceptors and filters, once', async () => {
    const handle = await suspend(ParentWorkflow, { fail: true });
    parentSuspended();
    await expect(handle.result({ timeoutMs: 10_000 })).rejects.toMatchObject({ error: { name: 'RunFailedError' } });
    const error = expect.stringMatching(/^error .*child failed/) as unknown;
    expect(events).toEqual([...SUSPENDED, 'child', 'before', error, 'finalize', 'filter']);
  });

  it('needs no interceptor', async () => {
    const handle = await suspend(BareParent);
    parentSuspended();
    await expect(handle.result({ timeoutMs: 10_000 })).resolves.toBe('label');
  });

  it('goes on in another application', async () => {
    const handle = await suspend(ParentWorkflow);
    const other = await start();
    parentSuspended();
    await expect(other.get(RedflowClient).getHandle(handle.id).result({ timeoutMs: 10_000 })).resolves.toBe('label');
    expect(events.filter((event) => event === 'prepare')).toHaveLength(1);
    expect(events).not.toContain('filter');
  });

  it('is not the only way to be given up: a run handed back at shutdown is torn down alike', async () => {
    const worker = { drainTimeoutMs: 0 };
    @Workflow()
    @UseInterceptors(Watching)
    @UseFilters(CatchAll)
    class Hanging {
      async run(ctx: WorkflowContext): Promise<void> {
        events.push('hanging');
        await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(new Error('aborted'))));
      }
    }
    const app = await nest.start({ imports: [nest.redflow({ worker })], providers: [Hanging] });
    await begin(app, Hanging);
    await eventually(() => events.includes('hanging'));
    await app.close();
    expect(events).toEqual(['before', 'hanging', 'finalize']);
  });
});
