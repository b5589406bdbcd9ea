import type { Workload } from '../workload.js';
import { backlogWorkload } from './backlog.js';
import { CHILDREN } from './children.js';
import { DELAYED } from './delayed.js';
import { DRAIN } from './drain.js';
import { END_TO_END } from './end-to-end.js';
import { ENQUEUE } from './enqueue.js';
import { CRON, IDLE } from './idle.js';
import { MEMORY } from './memory.js';
import { QUEUES } from './queues.js';
import { CLOSED_LOOPS, LATENCY_IDLE } from './waiting-callers.js';

/** What the command line may change. */
export interface WorkloadOptions {
  readonly backlogSizes: readonly number[];
}

export function workloadsWith({ backlogSizes }: WorkloadOptions): readonly Workload[] {
  return [
    ...ENQUEUE,
    ...DRAIN,
    ...CHILDREN,
    END_TO_END,
    LATENCY_IDLE,
    ...CLOSED_LOOPS,
    DELAYED,
    backlogWorkload(backlogSizes),
    ...QUEUES,
    MEMORY,
    IDLE,
    CRON,
  ];
}
