import type { Logger } from '../engine/logger.js';

/** Outside Nest: warnings and errors go to the console, the rest is silent. */
export const CONSOLE_LOGGER: Logger = {
  log: () => undefined,
  warn: (message) => console.warn(`[redflow] ${message}`),
  error: (message) => console.error(`[redflow] ${message}`),
};
