import { reviveError } from '../../lib/engine/revived-error.js';
import { serializeError } from '../../lib/core/error-serializer.js';
import { NonRetriableError } from '../../lib/core/errors/non-retriable.error.js';
import { TimeoutError } from '../../lib/core/errors/timeout.error.js';

const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;

const fail = (): never => {
  throw new Error('hostile');
};
const traps = new Proxy({}, { get: () => fail }) as ProxyHandler<object>;

const HOSTILE: Readonly<Record<string, unknown>> = {
  'a BigInt': 10n,
  'an object with a BigInt': { n: 10n },
  'a cycle': cycle,
  'a function': function thrower() {},
  'a nameless function': () => undefined,
  undefined,
  null: null,
  'a number': Number.NaN,
  'a text': 'plain',
  'a symbol': Symbol('s'),
  'an object': { a: 1 },
  'an array': [1, [2]],
  'an object without a prototype': Object.create(null),
  'a Proxy that throws on everything': new Proxy({}, traps),
  'a Proxy of an error that throws on everything': new Proxy(new Error('x'), traps),
  'a Proxy that was revoked': (() => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  })(),
  'a getter that throws': Object.defineProperty(new Error('x'), 'message', { get: fail }),
  'a cause that throws': Object.defineProperty(new Error('x'), 'cause', { get: fail }),
  'a stack that throws': Object.defineProperty(new Error('x'), 'stack', { get: fail }),
  'a toJSON that throws': { toJSON: fail },
  'a toString that throws': Object.assign(new Error('x'), { name: { toString: fail } }),
  'a message that is a symbol': Object.assign(new Error('x'), { message: Symbol('s') }),
  'an error that is its own cause': (() => {
    const error = new Error('x');
    error.cause = error;
    return error;
  })(),
  'a lone surrogate': new Error('\ud800'),
  'a promise': Promise.resolve(),
};

describe('serializeError', () => {
  it.each(Object.entries(HOSTILE))('makes an error of %s', (_, thrown) => {
    const error = serializeError(thrown);
    expect(error).toMatchObject({
      name: expect.any(String) as string,
      message: expect.any(String) as string,
      kind: 'error',
    });
    const text = JSON.stringify(error);
    expect(text.isWellFormed()).toBe(true);
    expect(JSON.parse(text)).toEqual(error);
  });

  it('keeps name, message, stack, code and cause', () => {
    const cause = Object.assign(new Error('inner'), { code: 'E_INNER' });
    const error = Object.assign(new TypeError('outer', { cause }), { code: 7 });
    expect(serializeError(error)).toMatchObject({
      name: 'TypeError',
      message: 'outer',
      kind: 'error',
      code: 7,
      stack: expect.stringContaining('TypeError: outer') as string,
      cause: { name: 'Error', message: 'inner', code: 'E_INNER' },
    });
  });

  it('takes nothing else that hangs on an error', () => {
    const error = Object.assign(new Error('x'), { request: { headers: 'SECRET' }, command: { args: ['SECRET'] } });
    expect(JSON.stringify(serializeError(error))).not.toContain('SECRET');
  });

  it('knows the kinds of redflow', () => {
    expect(serializeError(new NonRetriableError('x')).kind).toBe('non_retriable');
    expect(serializeError(new TimeoutError('step "a"', 5)).kind).toBe('timeout');
    expect(serializeError(reviveError(serializeError(new NonRetriableError('x')))).kind).toBe('non_retriable');
    // A kind of the user's own.
    expect(serializeError(Object.assign(new Error('x'), { kind: 'validation' })).kind).toBe('error');
    expect(serializeError(Object.assign(new Error('x'), { kind: 'made up' })).kind).toBe('error');
  });

  it('bounds texts and causes', () => {
    const error = serializeError(Object.assign(new Error('é'.repeat(100_000)), { name: 'n'.repeat(1_000) }));
    expect(JSON.stringify(error).length).toBeLessThan(20_000);
    let nested = new Error('innermost');
    for (let i = 0; i < 100; i++) nested = new Error(`${i}`, { cause: nested });
    let depth = 0;
    for (let at = serializeError(nested); at.cause; at = at.cause) depth++;
    expect(depth).toBeLessThanOrEqual(5);
  });
});
