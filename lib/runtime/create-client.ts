import type { RedflowClient } from '../engine/client.js';
import type { ClientOptions } from './options.js';

export declare function createClient(options?: ClientOptions): RedflowClient;
