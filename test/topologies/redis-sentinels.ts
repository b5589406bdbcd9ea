import { eventually } from '../support/eventually.js';
import { RedisNode } from './redis-node.js';

const NAME = 'redflow';
const QUORUM = 2;
const FORM_TIMEOUT_MS = 60_000;

/** A master, a replica and three sentinels, on loopback. */
export class RedisSentinels {
  readonly name = NAME;

  private constructor(
    private readonly servers: readonly RedisNode[],
    private readonly sentinels: readonly RedisNode[],
  ) {}

  static async start(): Promise<RedisSentinels> {
    const nodes: RedisNode[] = [];
    const keep = (node: RedisNode): RedisNode => {
      nodes.push(node);
      return node;
    };
    try {
      const master = keep(await RedisNode.start(['--repl-diskless-sync-delay', '0']));
      const replica = keep(await RedisNode.start(['--replicaof', `${master.host} ${master.port}`]));
      const sentinels: RedisNode[] = [];
      for (let i = 0; i < 3; i++) sentinels.push(keep(await RedisNode.startSentinel(watching(master))));
      const set = new RedisSentinels([master, replica], sentinels);
      await set.untilReplicated();
      await set.#untilKnown();
      return set;
    } catch (error) {
      await Promise.all(nodes.map((node) => node.close()));
      throw error;
    }
  }

  get addresses(): { host: string; port: number }[] {
    return this.sentinels.map(({ host, port }) => ({ host, port }));
  }

  /** The port of the master that the sentinels tell. */
  async masterPort(): Promise<number> {
    const [, port] = (await this.sentinels[0]?.commands.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as string[];
    return Number(port);
  }

  nodeOn(port: number): RedisNode {
    const node = this.servers.find((each) => each.port === port);
    if (!node) throw new Error(`no server of the set has port ${port}`);
    return node;
  }

  /** Waits until one server is a replica that has caught up with the other. */
  async untilReplicated(): Promise<void> {
    await eventually(async () => {
      const infos = await Promise.all(this.servers.map((node) => node.commands.info('replication')));
      return infos.some((info) => info.includes('master_link_status:up'));
    }, FORM_TIMEOUT_MS);
  }

  async close(): Promise<void> {
    await Promise.all([...this.servers, ...this.sentinels].map((node) => node.close()));
  }

  async #untilKnown(): Promise<void> {
    await eventually(async () => {
      for (const sentinel of this.sentinels) {
        const state = (await sentinel.commands.call('SENTINEL', 'MASTER', NAME)) as string[];
        if (valueOf(state, 'num-slaves') !== '1' || valueOf(state, 'num-other-sentinels') !== '2') return false;
      }
      return true;
    }, FORM_TIMEOUT_MS);
  }
}

function watching({ host, port }: RedisNode): string[] {
  return [
    `sentinel monitor ${NAME} ${host} ${port} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} 1500`,
    `sentinel failover-timeout ${NAME} 5000`,
  ];
}

function valueOf(pairs: readonly string[], name: string): string | undefined {
  return pairs[pairs.indexOf(name) + 1];
}
