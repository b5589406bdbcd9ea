import ts from 'typescript';
import { type SourceTree, importsOf } from './source-tree.js';

/** A rule looks at all sources and tells what breaks it, one line each. */
export type Rule = (tree: SourceTree) => string[];

const MAX_LINES = 300;

interface Layer {
  /** The folders of `lib/` that it may import, besides itself. */
  readonly folders: readonly string[];
  /** The packages that it may import, besides those of Node. */
  readonly packages: readonly string[];
}

const NEST = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];
const EVERY_FOLDER = ['core', 'engine', 'redis', 'runtime', 'nest'];

/** { nest, cli } -> runtime -> { engine, redis } -> core */
const LAYERS: Readonly<Record<string, Layer>> = {
  core: { folders: [], packages: [] },
  engine: { folders: ['core'], packages: ['zod', 'cron-parser'] },
  redis: { folders: ['core'], packages: ['ioredis'] },
  runtime: { folders: ['core', 'engine', 'redis'], packages: [] },
  cli: { folders: ['core', 'redis', 'runtime'], packages: [] },
  nest: { folders: ['core', 'engine', 'runtime'], packages: [...NEST, 'zod'] },
  testing: { folders: EVERY_FOLDER, packages: [...NEST, '@nestjs/testing', 'ioredis', 'testcontainers', 'zod'] },
  'index.ts': { folders: EVERY_FOLDER, packages: [] },
};

export const arrowsPointDown: Rule = (tree) =>
  importsOf(tree).flatMap(({ from, to }) => {
    if (to.startsWith('node:')) return [];
    const layer = LAYERS[roomOf(from)];
    if (!layer) return [`${from} is in no layer`];
    const allowed = isInternal(to)
      ? [roomOf(from), ...layer.folders].includes(roomOf(to))
      : layer.packages.includes(to);
    return allowed ? [] : [`${from} imports ${to}`];
  });

export const doorsOpenOutwards: Rule = (tree) =>
  importsOf(tree)
    .filter(({ to }) => /(^|\/)index\.ts$/.test(to))
    .map(({ from, to }) => `${from} imports ${to}`);

export const exportsAreNamed: Rule = (tree) =>
  [...tree]
    .filter(([path]) => path.endsWith('.ts'))
    .flatMap(([path, text]) =>
      ts
        .createSourceFile(path, text, ts.ScriptTarget.Latest)
        .statements.filter(
          (statement) =>
            ts.isExportAssignment(statement) ||
            (ts.isExportDeclaration(statement) &&
              !(statement.exportClause && ts.isNamedExports(statement.exportClause))),
        )
        .map(() => `${path} has an export without a name`),
    );

/** Imports of types alone are left out: they are gone when compiled. */
export const importsHaveNoCycles: Rule = (tree) => {
  const graph = new Map<string, string[]>();
  for (const { from, to, typeOnly } of importsOf(tree)) {
    if (!typeOnly && isInternal(to)) graph.set(from, [...(graph.get(from) ?? []), to]);
  }
  const finished = new Set<string>();
  return [...graph.keys()].flatMap((path) => findCycle(path, graph, [], finished));
};

function findCycle(
  path: string,
  graph: ReadonlyMap<string, readonly string[]>,
  trail: readonly string[],
  finished: Set<string>,
): string[] {
  if (trail.includes(path)) return [[...trail.slice(trail.indexOf(path)), path].join(' -> ')];
  if (finished.has(path)) return [];
  const cycles = (graph.get(path) ?? []).flatMap((to) => findCycle(to, graph, [...trail, path], finished));
  finished.add(path);
  return cycles;
}

export const filesAreShort: Rule = (tree) =>
  [...tree]
    .map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines`);

const HEADER_LABELS = ['KEYS', 'ARGV', 'Returns', 'Keys', 'Cost'];
const INCLUDE_LINE = /^--- @include .*\n/gm;

/** A script says what it does and what it costs; an included part says what it is for. */
export const luaHasHeaders: Rule = (tree) =>
  luaOf(tree).flatMap(([path, text]) => {
    const header = /^(--(?!-).*\n)*/.exec(text.replace(INCLUDE_LINE, ''))?.[0] ?? '';
    const purpose = /^-- \S/.test(header) && !HEADER_LABELS.some((label) => header.startsWith(`-- ${label} `));
    const labels = path.includes('/include/') ? [] : HEADER_LABELS;
    const missing = labels.filter((label) => !new RegExp(`^-- ${label} +\\S`, 'm').test(header));
    return [...(purpose ? [] : ['purpose']), ...missing].map((part) => `${path} has no ${part} in its header`);
  });

/** Payloads are opaque to scripts, and the time of Redis is the only clock. */
export const luaLeavesPayloadsAndClocksAlone: Rule = (tree) =>
  luaOf(tree).flatMap(([path, text]) =>
    [...text.matchAll(/\b(cjson|cmsgpack|os\.time|os\.clock|loadstring|dofile)\b/g)].map(
      ([word]) => `${path} uses ${word}`,
    ),
  );

function luaOf(tree: SourceTree): [string, string][] {
  return [...tree].filter(([path]) => path.endsWith('.lua'));
}

function isInternal(target: string): boolean {
  return target.endsWith('.ts');
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}
