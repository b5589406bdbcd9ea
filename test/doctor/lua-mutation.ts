import { jest } from '@jest/globals';
import { composeScript, readLua } from '../../lib/redis/lua-source.js';
import { Script } from '../../lib/redis/script.js';
import { SCRIPTS } from '../../lib/redis/scripts.js';

/** A change to a file under `lua/`: what the doctor is to notice. */
export interface Mutation {
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
}

/** The doctor itself stays sound. */
const SOUND = /^(inspect-|repair-|find-)/;
/** A loop that a mutation has made endless ends by an error. */
const MAX_CALLS = 10_000;

/**
 * Lets every store of this process work with a changed script until the function that it gives is called.
 *
 * @throws Error where the file does not contain `from` just once: the mutation is out of date
 */
export function mutate({ file, from, to }: Mutation): () => void {
  const text = readLua(file);
  if (text.split(from).length !== 2) throw new Error(`${file} does not contain "${from}" just once`);
  const changed = text.replace(from, () => to);
  let calls = 0;
  const spies = scriptsWith(file).map((script) => {
    const mutant = new Script<unknown>(
      script.name,
      script.kind,
      composeScript(script.name, (each) => (each === file ? changed : readLua(each))),
    );
    return jest.spyOn(script, 'call').mockImplementation(async (...args) => {
      if (calls++ > MAX_CALLS) throw new Error(`endless calls of ${script.name}`);
      return mutant.call(...args);
    });
  });
  return () => spies.forEach((spy) => spy.mockRestore());
}

/** The scripts that a file is part of. */
export function scriptsWith(file: string): Script<unknown>[] {
  return Object.values(SCRIPTS).filter(({ name }) => !SOUND.test(name) && filesOf(name).has(file));
}

function filesOf(script: string): Set<string> {
  const files = new Set<string>();
  composeScript(script, (file) => {
    files.add(file);
    return readLua(file);
  });
  return files;
}

/** A write of a script that stands on a line of its own, and can be left out. */
const WRITE =
  /^ *(?:if [^\n]* then )?(?:redis\.p?call\('(?!HGET|HMGET|GET|ZSCORE|ZCARD|ZRANGE|EXISTS|HLEN|HSCAN|SMEMBERS|SISMEMBER|PTTL|TYPE|LLEN)|later\(|later_alone\(|drop_lease_of_begun\(|drop_line\(|free_slot\(|schedule\(|ring\(|trim_index\(|wake_run\(|unpark\(|trim\(|ring_queues\(|drop_holder\(|remove_run\(|settle_run\()[^\n]*\)(?: end)?$/gm;

/** One that is collected by hand for a variadic call. */
const COLLECTED = /^ *(?:leases|begun|lane\.\w+)\[[^\n]*\] = [^\n]*$/gm;

/** Every mutation of a file that leaves out one write. */
export function omissionsOf(file: string): Mutation[] {
  const text = readLua(file);
  return [...text.matchAll(WRITE), ...text.matchAll(COLLECTED)].flatMap(({ 0: line }) => {
    const from = `${line}\n`;
    const balanced = line.split('(').length === line.split(')').length;
    return balanced && text.split(from).length === 2 ? [{ file, from, to: '\n' }] : [];
  });
}
