import { readFileSync } from 'node:fs';
import { luaKeyFunctions } from './keys.js';

const INCLUDE = /^--- @include ([a-z-]+)$/gm;
const COMMENT_LINE = /^\s*--.*\n/gm;

/** Gives the text of a file under `lua/`. */
export type LuaReader = (file: string) => string;

/**
 * The text of a script: its file, the parts that it includes (each once, in order of dependence) and
 * the key functions that it uses.
 *
 * @throws Error that names the script when a file is missing: a broken package must not start
 */
export function composeScript(name: string, read: LuaReader = readLua): string {
  const parts: string[] = [];
  collect({ script: name, read, parts, seen: new Set() }, `${name}.lua`);
  const source = parts.join('\n').replace(COMMENT_LINE, '');
  return `${luaKeyFunctions(source)}\n${source}`;
}

interface Collection {
  readonly script: string;
  readonly read: LuaReader;
  readonly parts: string[];
  readonly seen: Set<string>;
}

function collect(into: Collection, file: string): void {
  if (into.seen.has(file)) return;
  into.seen.add(file);
  const source = readFor(into, file);
  for (const [, include] of source.matchAll(INCLUDE)) collect(into, `include/${include}.lua`);
  into.parts.push(source);
}

function readFor({ script, read }: Collection, file: string): string {
  try {
    return read(file);
  } catch (error) {
    throw new Error(`redflow is not installed completely: ${file} of script "${script}" is missing`, { cause: error });
  }
}

/** A file of the package. */
export function readLua(file: string): string {
  return readFileSync(new URL(`./lua/${file}`, import.meta.url), 'utf8');
}
