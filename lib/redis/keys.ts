/*
 * Every key of redflow. The same table gives the keys to TypeScript and to Lua, so that the two
 * cannot disagree.
 *
 * A name is put into a key as it is: each pattern has at most one name, with fixed text around it
 * that no other pattern shares, so `:`-laden, empty or long names cannot collide. Idempotency keys
 * have two parts, which are encoded. The braces make all keys of a prefix share one cluster slot.
 */
const PATTERNS = {
  /** set: names of registered workflows. */
  workflows: 'workflows',
  /** hash: metadata of a registered workflow. */
  workflow: 'workflow:<>',
  /** zset runId by createdAt: the runs that wait for a concurrency slot of the workflow. */
  parked: 'workflow-parked:<>',
  /** hash runId: what its claim has left of a running run that nothing else says of yet, see `lua/include/read-run.lua`. */
  begun: 'workflow-begun:<>',
  /** zset name of a workflow by the last sign of life of an app that registers it. */
  alive: 'app:<>:alive',
  /** set: names of all workflows that ever had a run. */
  runWorkflows: 'runs:workflows',
  /** zset runId by createdAt: every run. */
  created: 'runs:created',
  /** zset `<workflow>:<status>` by when to look for ended runs that are to be removed. */
  expiring: 'runs:expiring',
  /** hash `<workflow>:<status>`: for how long ended runs are kept, in ms. */
  retention: 'runs:retention',
  /** hash: the run. */
  run: 'run:<>',
  /** hash: step records and outcomes of a run. */
  steps: 'run:<>:steps',
  /** set: ids of the children that a run waits for. */
  children: 'run:<>:children',
  /** list: ids of runs that are ready. */
  ready: 'q:<>:ready',
  /** list of at most one element: rings when there is something to claim. */
  bell: 'q:<>:bell',
  /** zset claim loop by time: those that stand by for a run of the queue. */
  standby: 'q:<>:standby',
  /** zset runId by due time: scheduled runs, and waiting runs that wake at a time. */
  scheduled: 'scheduled',
  /** zset by deadline: running runs; and `@<workflow>` by the first deadline of those in its `begun`. */
  leases: 'leases',
  /** list: ids of ready runs whose workflow the worker that had them does not know. */
  orphans: 'orphans',
  /** set: ids of canceled runs whose children are still to be canceled. */
  cascades: 'cascades',
  /** string: token and runs of a worker's last claim; and how it stands by. */
  claim: 'worker:<>:claim',
  /** list: the run that was handed to a worker which stood by. */
  inbox: 'worker:<>:inbox',
  /** hash: cron triggers. */
  cronDef: 'cron:def',
  /** zset trigger by its next tick. */
  cronNext: 'cron:next',
  /** string: the cron leader. */
  cronLock: 'lock:cron',
  /** string: the run of an idempotency key. */
  idempotency: 'idempo:<>',
} as const;

/** The runs of a workflow in one status, by createdAt; `running` doubles as the holders of its concurrency slots. */
const INDEX_PREFIX = 'workflow-runs:';

export type KeyName = keyof typeof PATTERNS;

// `run:<>:steps` before `run:<>`: what is more special is tried first.
const LONGEST_FIRST = Object.entries(PATTERNS).sort(([, a], [, b]) => b.length - a.length) as [KeyName, string][];

/** The keys of one prefix, as TypeScript builds them. */
export class Keyspace {
  /** The common start of all keys, and the first key of every script: routes it to the right cluster node. */
  readonly root: string;

  constructor(prefix: string) {
    this.root = `{${prefix}}:`;
  }

  key(name: KeyName, part = ''): string {
    return this.root + PATTERNS[name].replace('<>', () => part);
  }

  index(workflow: string, status: string): string {
    return `${this.root}${INDEX_PREFIX}${workflow}:${status}`;
  }

  /** The pub/sub channel on which a client hears of the end of the runs that it waits for; or by which a worker is seen to be connected. */
  channel(clientId: string): string {
    return `${this.root}client:${clientId}`;
  }
}

export interface KnownKey {
  readonly name: KeyName | 'index';
  /** The name within the key: of a workflow, a queue, a run. */
  readonly part: string;
  /** Of an index. */
  readonly status?: string;
}

/** What a key of the prefix is, told from its name without the root; `undefined` for one that is not redflow's. */
export function identifyKey(name: string): KnownKey | undefined {
  const index = /^workflow-runs:(.*):([a-z]+)$/s.exec(name);
  if (index) return { name: 'index', part: index[1] as string, status: index[2] as string };
  for (const [key, pattern] of LONGEST_FIRST) {
    const [before, after] = pattern.split('<>') as [string, string?];
    if (after === undefined && name === before) return { name: key, part: '' };
    if (
      after !== undefined &&
      name.startsWith(before) &&
      name.endsWith(after) &&
      name.length >= before.length + after.length
    ) {
      return { name: key, part: name.slice(before.length, name.length - after.length) };
    }
  }
  return undefined;
}

/** The part of an idempotency key under `idempo:`. */
export function idempotencyPart(workflow: string, key: string): string {
  return `${encodeURIComponent(workflow)}:${encodeURIComponent(key)}`;
}

// Asked for several times per run, so each is put together once per call.
const LUA_KEY_INDEX = `local index_keys = {}
local function key_index(workflow, status)
  local keys = index_keys[status]
  if not keys then
    keys = {}
    index_keys[status] = keys
  end
  local key = keys[workflow]
  if not key then
    key = root .. '${INDEX_PREFIX}' .. workflow .. ':' .. status
    keys[workflow] = key
  end
  return key
end`;

/** Lua functions `key_<name>(part)` for those names that `source` uses, and `root`. */
export function luaKeyFunctions(source: string): string {
  const functions = Object.entries(PATTERNS)
    .filter(([name]) => source.includes(`key_${name}(`))
    .map(([name, pattern]) => {
      const [before, after] = pattern.split('<>') as [string, string?];
      if (after === undefined) return `local function key_${name}() return root .. '${before}' end`;
      return `local function key_${name}(part) return root .. '${before}' .. part${after && ` .. '${after}'`} end`;
    });
  if (source.includes('key_index(')) functions.push(LUA_KEY_INDEX);
  if (source.includes('key_channel(')) {
    functions.push("local function key_channel(client) return root .. 'client:' .. client end");
  }
  return ['local root = KEYS[1]', ...functions].join('\n');
}
