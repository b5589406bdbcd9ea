import { join } from 'node:path';
import * as rules from './rules.js';
import { type SourceTree, importsOf, readSourceTree } from './source-tree.js';

const tree = readSourceTree(join(import.meta.dirname, '../../lib'));

describe('lib', () => {
  it('is read whole', () => {
    expect([...tree.keys()]).toEqual(expect.arrayContaining(['index.ts', 'engine/client.ts', 'redis/lua/claim.lua']));
    expect(importsOf(tree)).toContainEqual({ from: 'engine/client.ts', to: 'core/store.ts', typeOnly: true });
  });

  it.each(Object.entries(rules))('%s', (_name, rule) => {
    expect(rule(tree)).toEqual([]);
  });
});

describe('a rule notices', () => {
  const lib = (files: Record<string, string>): SourceTree => new Map(Object.entries(files));

  it('an arrow that points up, of a type too', () => {
    const files = { 'core/a.ts': `import type { B } from '../engine/b.js';`, 'engine/b.ts': '' };
    expect(rules.arrowsPointDown(lib(files))).toEqual(['core/a.ts imports engine/b.ts']);
  });

  it('an arrow between neighbours', () => {
    const files = { 'engine/a.ts': `export { b } from '../redis/b.js';`, 'redis/b.ts': '' };
    expect(rules.arrowsPointDown(lib(files))).toEqual(['engine/a.ts imports redis/b.ts']);
  });

  it('a package in a layer that does not know it', () => {
    const files = {
      'engine/a.ts': `const { Redis } = await import('ioredis');`,
      'runtime/b.ts': `import { Module } from '@nestjs/common/decorators';`,
      'nest/c.ts': `type R = import('ioredis').Redis; import 'node:fs';`,
    };
    expect(rules.arrowsPointDown(lib(files))).toEqual([
      'engine/a.ts imports ioredis',
      'runtime/b.ts imports @nestjs/common',
      'nest/c.ts imports ioredis',
    ]);
  });

  it('a file outside the layers', () => {
    expect(rules.arrowsPointDown(lib({ 'utils/a.ts': `import 'zod';` }))).toEqual(['utils/a.ts is in no layer']);
  });

  it('an import of an index file', () => {
    const files = { 'nest/a.ts': `import { b } from '../index.js';`, 'index.ts': '' };
    expect(rules.doorsOpenOutwards(lib(files))).toEqual(['nest/a.ts imports index.ts']);
  });

  it.each([`export * from './a.js';`, `export * as a from './a.js';`, 'export default 1;'])('%s', (text) => {
    expect(rules.exportsAreNamed(lib({ 'index.ts': text }))).toEqual(['index.ts has an export without a name']);
  });

  it('a cycle, and not one of types alone', () => {
    const files = {
      'core/a.ts': `import { b } from './b.js';`,
      'core/b.ts': `import { c } from './c.js';`,
      'core/c.ts': `import { type B } from './b.js'; import type { A } from './a.js';`,
    };
    expect(rules.importsHaveNoCycles(lib(files))).toEqual(['core/b.ts -> core/c.ts -> core/b.ts']);
  });

  it('a long file', () => {
    expect(rules.filesAreShort(lib({ 'a.ts': '\n'.repeat(301), 'b.ts': '\n'.repeat(300) }))).toEqual([
      'a.ts has 301 lines',
    ]);
  });

  it('an incomplete header', () => {
    const complete =
      '-- Does a thing.\n--\n-- KEYS  1 root\n-- ARGV  none\n-- Returns  1\n-- Keys  run\n-- Cost  O(1)\nreturn 1\n';
    const files = {
      'redis/lua/complete.lua': `--- @include clock\n${complete}`,
      'redis/lua/costless.lua': complete.replace('-- Cost  O(1)\n', ''),
      'redis/lua/late.lua': `local a = 1\n${complete}`,
      'redis/lua/include/part.lua': 'local a = 1\n',
    };
    expect(rules.luaHasHeaders(lib(files))).toEqual([
      'redis/lua/costless.lua has no Cost in its header',
      ...['purpose', 'KEYS', 'ARGV', 'Returns', 'Keys', 'Cost'].map(
        (part) => `redis/lua/late.lua has no ${part} in its header`,
      ),
      'redis/lua/include/part.lua has no purpose in its header',
    ]);
  });

  it('a script that opens payloads or asks another clock', () => {
    const files = { 'redis/lua/a.lua': 'cjson.decode(ARGV[1])\nreturn os.time()\n' };
    expect(rules.luaLeavesPayloadsAndClocksAlone(lib(files))).toEqual([
      'redis/lua/a.lua uses cjson',
      'redis/lua/a.lua uses os.time',
    ]);
  });
});
