import type { Worker } from '../engine/worker.js';
import type { WorkerOptions } from './options.js';

export declare function startWorker(options: WorkerOptions): Promise<Worker>;
