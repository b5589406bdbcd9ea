import { readFileSync } from 'node:fs';
import { luaKeyFunctions } from './keys.js';

const INCLUDE = /^--- @include ([a-z-]+)$/gm;
const COMMENT_LINE = /^\s*--.*\n/gm;

/**
 * The text of a script: its file, the parts that it includes (each once, in order of dependence) and
 * the key functions that it uses.
 *
 * @throws Error that names the script when a file is missing: a broken package must not start
 */
export function composeScript(name: string): string {
  const parts: string[] = [];
  collect(`${name}.lua`, parts, new Set(), name);
  const source = parts.join('\n').replace(COMMENT_LINE, '');
  return `${luaKeyFunctions(source)}\n${source}`;
}

function collect(file: string, parts: string[], seen: Set<string>, script: string): void {
  if (seen.has(file)) return;
  seen.add(file);
  const source = read(file, script);
  for (const [, include] of source.matchAll(INCLUDE)) collect(`include/${include}.lua`, parts, seen, script);
  parts.push(source);
}

function read(file: string, script: string): string {
  try {
    return readFileSync(new URL(`./lua/${file}`, import.meta.url), 'utf8');
  } catch (error) {
    throw new Error(`redflow is not installed completely: ${file} of script "${script}" is missing`, { cause: error });
  }
}
