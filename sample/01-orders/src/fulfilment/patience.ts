import type { RetryOptions } from '@redflow/nestjs';

/** How long a step puts up with the provider before it leaves the matter to the next attempt of the run. */
export const PATIENT: { readonly timeoutMs: number; readonly retries: RetryOptions } = {
  timeoutMs: 4_000,
  retries: { maxAttempts: 2, backoff: { type: 'exponential', delayMs: 200 } },
};

/** What must be undone is tried longer: nobody comes after it but the sweep. */
export const PERSISTENT: typeof PATIENT = {
  timeoutMs: 4_000,
  retries: { maxAttempts: 5, backoff: { type: 'exponential', delayMs: 200, maxMs: 5_000 } },
};
