import { Script } from './script.js';

type Text = string;

/** Every script with the type of its reply; the files under `lua/` say what arguments they take. */
export const SCRIPTS = {
  adopt: new Script<number>('adopt'),
  cancel: new Script<Text>('cancel'),
  cascade: new Script<number>('cascade'),
  claim: new Script<[now: Text, nextDue: Text, more: number, orphans: number, nextDeadline: Text, runs: ClaimRow[]]>(
    'claim',
  ),
  cronAgenda: new Script<[leader: number, now: Text, nextDue: Text, heldMs: number, ...Text[]]>('cron-agenda'),
  cronTick: new Script<'fired' | 'planned' | 'skipped' | 'stale'>('cron-tick'),
  enqueue: new Script<(Text | number | null)[]>('enqueue'),
  expire: new Script<number>('expire'),
  extendLeases: new Script<number[]>('extend-leases'),
  finish: new Script<Text[]>('finish'),
  findQueued: new Script<'ready' | 'parked' | 'orphans' | 'nowhere' | 'moved'>('find-queued'),
  inspectMembers: new Script<Text[]>('inspect-members'),
  inspectRuns: new Script<(Text | number)[][]>('inspect-runs'),
  inspectSlots: new Script<[limit: Text, holders: number, parked: number, oldest: Text, ready: number]>(
    'inspect-slots',
  ),
  listRuns: new Script<(Text | Text[])[]>('list-runs'),
  promote: new Script<[promoted: number, now: Text, nextDue: Text]>('promote'),
  reclaim: new Script<[now: Text, nextDeadline: Text, more: number, recovered: number, ...Text[]]>('reclaim'),
  recordSteps: new Script<number[]>('record-steps'),
  release: new Script<'released' | 'unregistered' | 'lost'>('release'),
  removeStaleWorkflows: new Script<Text[]>('remove-stale-workflows'),
  repairIndex: new Script<number>('repair-index'),
  repairRun: new Script<Text>('repair-run'),
  resignCron: new Script<number>('resign-cron'),
  spawnChildren: new Script<(Text | number)[]>('spawn-children'),
  suspend: new Script<Text[]>('suspend'),
  syncWorkflow: new Script<number>('sync-workflow'),
  touchWorkflows: new Script<number>('touch-workflows'),
  watchRuns: new Script<(Text | null)[]>('watch-runs'),
} as const;

export type ClaimRow = [
  id: Text,
  workflow: Text,
  queue: Text,
  input: Text | null,
  attempt: Text,
  maxAttempts: Text,
  createdAt: Text,
  startedAt: Text,
  history: Text[],
];
