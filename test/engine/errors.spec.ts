import { defineWorkflow, TimeoutError } from '@redflow/nestjs';
import { failureOf, useEngine } from './engine.js';

const hostileProxy = new Proxy(
  {},
  {
    get: () => {
      throw new Error('trap');
    },
    has: () => {
      throw new Error('trap');
    },
    getPrototypeOf: () => {
      throw new Error('trap');
    },
  },
);
const cyclic: Record<string, unknown> = { a: 1 };
cyclic['self'] = cyclic;
const hostileError = Object.defineProperty(new Error('x'), 'message', {
  get: () => {
    throw new Error('getter');
  },
});

describe('errors of a run', () => {
  const engine = useEngine();

  async function storedError(thrown: unknown): Promise<unknown> {
    const workflow = defineWorkflow('throwing', {}, () => {
      throw thrown;
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await failureOf(handle);
    const state = await handle.state();
    expect(state.status).toBe('failed');
    return state.error;
  }

  it('keep name, message, kind, stack, code and cause', async () => {
    const cause = Object.assign(new TypeError('below'), { code: 42 });
    const error = await storedError(Object.assign(new RangeError('above', { cause }), { code: 'E_TOP' }));
    expect(error).toEqual({
      name: 'RangeError',
      message: 'above',
      kind: 'error',
      code: 'E_TOP',
      stack: expect.stringContaining('RangeError: above'),
      cause: { name: 'TypeError', message: 'below', kind: 'error', code: 42, stack: expect.any(String) },
    });
  });

  it('do not keep what else hangs on an error object', async () => {
    const error = await storedError(Object.assign(new Error('http'), { config: { password: 'secret' }, response: {} }));
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('keep the kind of redflow’s own errors', async () => {
    await expect(storedError(new TimeoutError('call', 5))).resolves.toMatchObject({
      name: 'TimeoutError',
      kind: 'timeout',
    });
  });

  it.each<[string, unknown, string]>([
    ['a text', 'plain text', 'plain text'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a BigInt', 10n, '10n'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a function', function named() {}, 'named'],
    ['an object', { code: 7 }, '{"code":7}'],
    ['an object with a cycle', cyclic, 'cannot be serialized'],
    ['an object with a BigInt', { a: 1n }, 'cannot be serialized'],
    ['a hostile proxy', hostileProxy, 'cannot be read'],
    ['an error whose message throws', hostileError, 'cannot be read'],
    ['a text with a lone surrogate', 'a\ud800b', 'a\ufffdb'],
  ])('end it cleanly where %s was thrown', async (_what, thrown, message) => {
    await expect(storedError(thrown)).resolves.toMatchObject({
      message: expect.stringContaining(message),
      kind: 'error',
    });
  });

  it('are clipped where they are huge', async () => {
    const innermost = new Error('x'.repeat(1_000_000));
    const chain = [...'abcdefghij'].reduce<Error>(
      (cause, name) => new Error(name.repeat(100_000), { cause }),
      innermost,
    );
    const error = await storedError(chain);
    expect(JSON.stringify(error).length).toBeLessThan(150_000);
  });

  it('may be their own cause', async () => {
    const self: Error & { cause?: unknown } = new Error('its own cause');
    self.cause = self;
    await expect(storedError(self)).resolves.toMatchObject({ message: 'its own cause' });
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a BigInt', 1n],
    ['a hostile proxy', hostileProxy],
  ])('reach a handler that catches a failed step, where the step threw %s', async (_what, thrown) => {
    const workflow = defineWorkflow('catching', {}, ({ step }) =>
      step
        .run('hostile', () => {
          throw thrown;
        })
        .catch(() => 'caught'),
    );
    await engine.startWorker([workflow]);
    await expect((await engine.client.run(workflow, undefined)).result()).resolves.toBe('caught');
  });
});
