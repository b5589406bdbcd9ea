/** One queue, or many that are named after it. */
export interface QueueSet {
  readonly queue: string;
  /** Absent: `queue` itself. */
  readonly queues?: number;
}

export function queueNames({ queue, queues }: QueueSet): string[] {
  return queues === undefined ? [queue] : Array.from({ length: queues }, (_, index) => `${queue}-${index}`);
}
