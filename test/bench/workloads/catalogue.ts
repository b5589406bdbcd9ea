import type { Workload } from '../workload.js';
import { DELAYED } from './delayed.js';
import { DRAIN } from './drain.js';
import { END_TO_END } from './end-to-end.js';
import { ENQUEUE } from './enqueue.js';
import { IDLE, MEMORY } from './footprint.js';
import { CLOSED_LOOPS, LATENCY_IDLE } from './waiting-callers.js';

export const WORKLOADS: readonly Workload[] = [
  ...ENQUEUE,
  ...DRAIN,
  END_TO_END,
  LATENCY_IDLE,
  ...CLOSED_LOOPS,
  DELAYED,
  MEMORY,
  IDLE,
];
