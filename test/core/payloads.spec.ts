import { SerializationError } from '../../lib/core/errors/serialization.error.js';
import { Payloads } from '../../lib/core/payloads.js';

const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
}

describe('Payloads', () => {
  const payloads = new Payloads();

  it.each([[null], [0], [''], [false], ['ä🚚'], [[1, [2]]], [{ a: { b: null } }], ['__proto__']])(
    'gives %j back',
    (value) => expect(payloads.decode('x', payloads.encode('x', value))).toEqual(value),
  );

  it('stores undefined as absence', () => {
    expect(payloads.encode('x', undefined)).toBeUndefined();
    expect(payloads.decode('x', undefined)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['a BigInt', 1n],
    ['a BigInt inside', { n: [1n] }],
    ['a cycle', cycle],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a toJSON that throws', { toJSON: () => JSON.parse('no') as unknown }],
    ['a toJSON that gives nothing', { toJSON: () => undefined }],
    [
      'a getter that throws',
      Object.defineProperty({}, 'a', { enumerable: true, get: () => JSON.parse('no') as unknown }),
    ],
    ['ten thousand levels', nested(10_000)],
  ])('refuses %s, and says of what', (_, value) => {
    expect(() => payloads.encode('output of step "s"', value)).toThrow(SerializationError);
    expect(() => payloads.encode('output of step "s"', value)).toThrow('output of step "s"');
  });

  it('counts bytes, not characters', () => {
    const limited = new Payloads(undefined, { payloadBytes: 10 });
    expect(limited.encode('x', 'é'.repeat(4))).toBeDefined();
    expect(() => limited.encode('x', 'é'.repeat(5))).toThrow('x has 12 bytes, allowed are 10 (limits.payloadBytes)');
    expect(limited.encode('x', 'e'.repeat(8))).toBeDefined();
    expect(() => limited.encode('x', 'e'.repeat(9))).toThrow(SerializationError);
  });

  it('has a limit of 1 MiB', () => {
    expect(payloads.encode('x', 'a'.repeat(1_048_574))).toHaveLength(1_048_576);
    expect(() => payloads.encode('x', 'a'.repeat(1_048_575))).toThrow(SerializationError);
  });

  it('allows just as many levels as it says', () => {
    const limited = new Payloads(undefined, { payloadDepth: 3 });
    expect(limited.encode('x', nested(3))).toBeDefined();
    expect(() => limited.encode('x', nested(4))).toThrow('deeper than 3 levels');
    expect(payloads.encode('x', nested(200))).toBeDefined();
    expect(() => payloads.encode('x', nested(201))).toThrow(SerializationError);
  });

  it('looks at a value that is shared many times only once per level', () => {
    let value: unknown[] = [];
    for (let i = 0; i < 60; i++) value = [value, value];
    const flat = new Payloads({ encode: () => 'x', decode: () => undefined });
    expect(flat.encode('x', value)).toBe('x');
  });

  it('never stores a lone surrogate', () => {
    expect(payloads.encode('x', '\ud800')?.isWellFormed()).toBe(true);
  });

  it('says what cannot be decoded, without repeating it', () => {
    const decode = () => payloads.decode('input of workflow "w"', '{SECRET');
    expect(decode).toThrow('input of workflow "w" cannot be decoded');
    expect(decode).not.toThrow('SECRET');
  });

  it('goes through another codec, and says when that gives no text', () => {
    const codec = { encode: (value: unknown) => `!${String(value)}`, decode: (text: string) => text.slice(1) };
    const other = new Payloads(codec);
    expect(other.decode('x', other.encode('x', 'a'))).toBe('a');
    const broken = new Payloads({ ...codec, encode: () => '' });
    expect(() => broken.encode('x', 1)).toThrow('x cannot be serialized');
  });

  it('keeps what is decoded from touching prototypes', () => {
    const value = payloads.decode('x', '{"__proto__":{"polluted":1}}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
