/** Makes `Date` of this process wrong; timers and the monotonic clock go on as they are. */
export function offsetClock(offsetMs: number): void {
  const RealDate = Date;
  class OffsetDate extends RealDate {
    constructor(...args: [] | ConstructorParameters<typeof Date>) {
      if (args.length === 0) super(RealDate.now() + offsetMs);
      else super(...(args as [number]));
    }
    static override now(): number {
      return RealDate.now() + offsetMs;
    }
  }
  globalThis.Date = OffsetDate as DateConstructor;
}
