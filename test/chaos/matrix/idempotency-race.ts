import { Redis } from 'ioredis';
import { createClient, type RedflowClient } from '../../../lib/index.js';

export interface RaceResult {
  readonly keys: number;
  readonly callers: number;
  readonly runs: number;
  /** Keys whose callers were given different runs, or which more or less than one caller has made. */
  readonly disagreements: number;
}

/** Many clients start a run under each of some keys at once, while their connections are killed. */
export async function raceForKeys(options: {
  connection: string;
  prefix: string;
  clients: number;
  keys: number;
  /** Kill all connections of the server at every tenth key: not on a server that others use. */
  kills: boolean;
}): Promise<RaceResult> {
  const { connection, prefix, clients: count, keys, kills } = options;
  const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
  const clients = Array.from({ length: count }, () => createClient({ connection, prefix, logger: silent }));
  const redis = new Redis(connection);
  const start = async (client: RedflowClient, idempotencyKey: string): Promise<{ id: string; created: boolean }> => {
    try {
      return await client.runByName('raced', 1, { idempotencyKey });
    } catch {
      return start(client, idempotencyKey);
    }
  };
  try {
    let disagreements = 0;
    for (let i = 0; i < keys; i++) {
      const racing = Promise.all(clients.map((client) => start(client, `key-${i}`)));
      const isKilled = kills && i % 10 === 9;
      if (isKilled) await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      const handles = await racing;
      const ids = new Set(handles.map(({ id }) => id));
      // A call that was made again after its reply was lost is told that the run was there.
      const made = handles.filter(({ created }) => created).length;
      if (ids.size !== 1 || made > 1 || (made === 0 && !isKilled)) disagreements++;
    }
    return { keys, callers: count * keys, runs: await redis.zcard(`{${prefix}}:runs:created`), disagreements };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    redis.disconnect();
  }
}
