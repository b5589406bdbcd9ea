export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** Interpolated; NaN for no values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) return NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function spread(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values), count: values.length };
}

export const PERCENTILES = [50, 95, 99] as const;

/** By name: `lateP50`, `lateP95`, `lateP99` for `late`. */
export function percentiles(name: string, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(PERCENTILES.map((percent) => [`${name}P${percent}`, quantile(values, percent / 100)]));
}
