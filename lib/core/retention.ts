/** How long finished runs of one status are kept; `false` keeps them for ever. */
export type RetentionRule =
  | false
  | {
      /** Removed this long after they finished, in ms. Default per status; `Infinity` for no limit. */
      readonly ageMs?: number;
      /** The newest so many are kept, per workflow. Default 100 000; `Infinity` for no limit. */
      readonly count?: number;
    };

export interface RetentionOptions {
  /** Default 7 days. */
  readonly succeeded?: RetentionRule;
  /** Default 30 days. */
  readonly failed?: RetentionRule;
  /** Default 7 days. */
  readonly canceled?: RetentionRule;
}

export interface RetentionLimit {
  readonly ageMs: number;
  readonly count: number;
}

/** Every rule resolved; `Infinity` stands for no limit. */
export type Retention = Readonly<Record<'succeeded' | 'failed' | 'canceled', RetentionLimit>>;

const DAY_MS = 86_400_000;
const DEFAULT_COUNT = 100_000;
const DEFAULT_AGE_MS = { succeeded: 7 * DAY_MS, failed: 30 * DAY_MS, canceled: 7 * DAY_MS } as const;

export function resolveRetention(options: RetentionOptions = {}): Retention {
  const resolve = (status: keyof Retention): RetentionLimit => {
    const rule = options[status];
    if (rule === false) return { ageMs: Infinity, count: Infinity };
    return { ageMs: rule?.ageMs ?? DEFAULT_AGE_MS[status], count: rule?.count ?? DEFAULT_COUNT };
  };
  return { succeeded: resolve('succeeded'), failed: resolve('failed'), canceled: resolve('canceled') };
}
