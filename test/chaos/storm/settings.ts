/** What the processes of a storm share: given to them as JSON in `REDFLOW_STORM`. */
export interface StormSettings {
  readonly url: string;
  readonly prefix: string;
  readonly journals: string;
  readonly leaseMs: number;
  readonly seed: number;
}

export function readSettings(): StormSettings {
  const text = process.env['REDFLOW_STORM'];
  if (!text) throw new Error('REDFLOW_STORM is not set: this process is started by the storm');
  return JSON.parse(text) as StormSettings;
}

export const QUEUES = ['storm-a', 'storm-b'] as const;
/** Of runs that are quick, and served by workers of their own. */
export const QUICK_QUEUE = 'storm-quick';
/** The limit of the workflow whose bodies are counted. */
export const SERIAL_LIMIT = 3;
