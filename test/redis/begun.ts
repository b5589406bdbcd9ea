import type { Redis } from 'ioredis';

type Fields = Readonly<Record<string, string>>;

/** What the claim of a run has left of it in the `begun` of its workflow, instead of writing it into hash and indexes. */
export interface Line {
  readonly token: string;
  readonly deadline: string;
  readonly startedAt: string;
}

/** What a line says, if it is true of the run: if its hash says still that it is queued. */
export function readLine(run: Fields, line: string | undefined): Line | undefined {
  if (line === undefined || run['status'] !== 'queued') return undefined;
  const [token = '', deadline = '', startedAt = ''] = line.split(/ +/);
  return { token, deadline, startedAt };
}

/** The fields of a run as they are meant. */
export function withLine(run: Fields, line: Line | undefined): Fields {
  return line ? { ...run, status: 'running', token: line.token, startedAt: line.startedAt } : run;
}

/** Whether a member of `leases` is a run; the others name workflows whose runs have their deadlines in `begun`. */
export function isRun(lease: string): boolean {
  return !lease.startsWith('@');
}

/** How many slots of a workflow are taken, as of one instant. */
export async function countHolders(redis: Redis, root: string, workflow: string): Promise<number> {
  const counts = redis
    .multi()
    .zcard(`${root}workflow-runs:${workflow}:running`)
    .hlen(`${root}workflow-begun:${workflow}`);
  const replies = (await counts.exec()) ?? [];
  return replies.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Moves the deadline of a running run to the past. */
export async function expireLease(redis: Redis, root: string, id: string): Promise<void> {
  await redis.zadd(`${root}leases`, 'XX', 1, id);
  for (const workflow of await redis.smembers(`${root}runs:workflows`)) {
    const line = await redis.hget(`${root}workflow-begun:${workflow}`, id);
    if (line === null) continue;
    await redis.hset(`${root}workflow-begun:${workflow}`, id, line.replace(/^(\S+ +)\d+/, '$11'));
    await redis.zadd(`${root}leases`, 'XX', 1, `@${workflow}`);
  }
}
