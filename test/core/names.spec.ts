import { ConfigurationError } from '../../lib/core/errors/configuration.error.js';
import { checkInteger, checkName } from '../../lib/core/names.js';

describe('checkName', () => {
  it.each(['', ':', 'a:b', '{x}', '東京🚚', '\n', '__proto__', 'x'.repeat(65_536)])('takes %j as it is', (name) => {
    expect(checkName('name', name)).toBe(name);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['a number', 5, '5'],
    ['an object', {}, 'an object'],
    ['a lone surrogate', 'a\ud800', 'surrogate'],
    ['what is too long', 'é'.repeat(32_769), '65538'],
  ])('refuses %s, and names the option', (_, name, reason) => {
    expect(() => checkName('workflow name', name)).toThrow(ConfigurationError);
    expect(() => checkName('workflow name', name)).toThrow('workflow name');
    if (reason !== 'an object') expect(() => checkName('workflow name', name)).toThrow(reason);
  });
});

describe('checkInteger', () => {
  it('takes integers of the range', () => {
    expect([0, 1, Number.MAX_SAFE_INTEGER].map((value) => checkInteger('n', value, 0))).toEqual([
      0,
      1,
      Number.MAX_SAFE_INTEGER,
    ]);
    expect(checkInteger('n', 5, 5, 5)).toBe(5);
  });

  it.each([Number.NaN, Infinity, -Infinity, 1.5, -1, 2 ** 53, '1', null, undefined, [1], 1n])(
    'refuses %p, and names option and range',
    (value) => {
      expect(() => checkInteger('limit', value, 0)).toThrow(ConfigurationError);
      expect(() => checkInteger('limit', value, 0)).toThrow(/limit.*at least 0/s);
    },
  );

  it('names both ends of a range', () => {
    expect(() => checkInteger('limit', 11, 1, 10)).toThrow('from 1 to 10');
  });
});
