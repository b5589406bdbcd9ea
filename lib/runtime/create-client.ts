import type { RedflowClient } from '../engine/client.js';
import type { ClientOptions } from './options.js';
import { RedflowRuntime } from './redflow-runtime.js';

/** A client without Nest. Connects on first use; close it when done. @throws ConfigurationError */
export function createClient(options: ClientOptions = {}): RedflowClient {
  return new RedflowRuntime(options).client;
}
