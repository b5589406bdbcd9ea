import { Script } from './script.js';

type Text = string;

const integer = (name: string): Script<number> => new Script(name, 'number');
const text = <T extends Text = Text>(name: string): Script<T> => new Script(name, 'string');
const list = <T extends readonly unknown[]>(name: string): Script<T> => new Script(name, 'list');

/** Every script with the type of its reply; the files under `lua/` say what arguments they take. */
export const SCRIPTS = {
  adopt: integer('adopt'),
  cancel: text('cancel'),
  cascade: integer('cascade'),
  claim: list<ClaimReply>('claim'),
  cronAgenda: list<[leader: number, now: Text, nextDue: Text, heldMs: number, ...Text[]]>('cron-agenda'),
  cronTick: text<'fired' | 'planned' | 'skipped' | 'stale'>('cron-tick'),
  enqueue: list<(Text | number | null)[]>('enqueue'),
  expire: list<[removed: number, more: number]>('expire'),
  extendLeases: list<number[]>('extend-leases'),
  finish: list<Text[]>('finish'),
  finishAndClaim: list<[...claim: ClaimReply, finished: Text[]]>('finish-and-claim'),
  findQueued: list<number[]>('find-queued'),
  getRun: list<Text[]>('get-run'),
  inspectKeys: list<(Text | number)[]>('inspect-keys'),
  inspectMembers: list<Text[]>('inspect-members'),
  inspectPointers: list<(Text | null)[]>('inspect-pointers'),
  inspectRetention: list<number[]>('inspect-retention'),
  inspectRuns: list<(Text | number)[][]>('inspect-runs'),
  inspectSlots: list<[limit: Text, holders: number, parked: number, ready: number]>('inspect-slots'),
  inspectSteps: list<[status: Text, size: number, ...Text[]][]>('inspect-steps'),
  inspectTriggers: list<number[]>('inspect-triggers'),
  inspectWaits:
    list<[state: 'moved' | 'asleep' | 'waiting', woken: number, pending: number, ...(Text | number)[]]>(
      'inspect-waits',
    ),
  inspectWorkflows: list<(Text | number)[]>('inspect-workflows'),
  listRuns: list<(Text | Text[])[]>('list-runs'),
  promote: list<[promoted: number, now: Text, nextDue: Text]>('promote'),
  reclaim: list<[now: Text, nextDeadline: Text, more: number, recovered: number, ...Text[]]>('reclaim'),
  recordSteps: list<number[]>('record-steps'),
  release: text<'released' | 'unregistered' | 'lost'>('release'),
  removeStaleWorkflows: list<Text[]>('remove-stale-workflows'),
  repairRun: integer('repair-run'),
  resignCron: integer('resign-cron'),
  spawnChildren: list<(Text | number)[]>('spawn-children'),
  suspend: list<Text[]>('suspend'),
  syncWorkflow: integer('sync-workflow'),
  touchWorkflows: integer('touch-workflows'),
  watchRuns: list<(Text | null)[]>('watch-runs'),
} as const;

export type ClaimReply = [
  now: Text,
  nextDue: Text,
  more: number,
  standsBy: number,
  orphans: number,
  nextDeadline: Text,
  runs: (Text | Text[] | null)[],
];
