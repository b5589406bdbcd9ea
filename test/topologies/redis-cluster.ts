import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { RedisNode } from './redis-node.js';

const MASTERS = 3;
const SLOTS = 16_384;
const FORM_TIMEOUT_MS = 60_000;

export interface ClusterNodeAddress {
  readonly host: string;
  readonly port: number;
}

/** A Redis Cluster of three masters, each with a replica where asked for, on loopback. */
export class RedisCluster {
  private constructor(readonly nodes: readonly RedisNode[]) {}

  static async start({ replicas = false, nodeTimeoutMs = 2_000 } = {}): Promise<RedisCluster> {
    const nodes: RedisNode[] = [];
    try {
      for (let i = 0; i < (replicas ? 2 : 1) * MASTERS; i++) nodes.push(await startNode(nodeTimeoutMs));
      const cluster = new RedisCluster(nodes);
      await cluster.#form();
      return cluster;
    } catch (error) {
      await Promise.all(nodes.map((node) => node.close()));
      throw error;
    }
  }

  get addresses(): ClusterNodeAddress[] {
    return this.nodes.map(({ host, port }) => ({ host, port }));
  }

  get url(): string {
    return `redis+cluster://${this.nodes.map(({ host, port }) => `${host}:${port}`).join(',')}`;
  }

  /** The slot that all keys of a prefix share. */
  async slotOf(prefix: string): Promise<number> {
    return (await this.#alive()).commands.cluster('KEYSLOT', `{${prefix}}:`);
  }

  /** The master that has the keys of a prefix, as the nodes that live see it. */
  async masterOf(prefix: string): Promise<RedisNode> {
    const slot = await this.slotOf(prefix);
    const ranges = await (await this.#alive()).commands.cluster('SLOTS');
    const range = ranges.find(([from, to]) => Number(from) <= slot && slot <= Number(to));
    return this.nodeOn(Number(range?.[2]?.[1]));
  }

  /** A replica of a master, once that has heard of one: a replica may be there before the others know whose it is. */
  async replicaOf(master: RedisNode): Promise<RedisNode> {
    const replica = await eventually(async () => {
      const replicas = (await master.commands.cluster('REPLICAS', await idOf(master))) as string[];
      return replicas[0];
    }, FORM_TIMEOUT_MS);
    return this.nodeOn(portOf(replica));
  }

  /** A master other than this one. */
  async otherMaster(than: RedisNode): Promise<RedisNode> {
    for (const node of this.nodes) if (node !== than && (await isMaster(node))) return node;
    throw new Error('there is no other master');
  }

  nodeOn(port: number): RedisNode {
    const node = this.nodes.find((each) => each.port === port);
    if (!node) throw new Error(`no node of the cluster has port ${port}`);
    return node;
  }

  /** Waits until all slots are served and every replica has caught up. */
  async untilHealthy(): Promise<void> {
    await eventually(async () => {
      for (const node of this.nodes) {
        const { state, known } = await stateOf(node);
        const replication = await node.commands.info('replication');
        if (state !== 'ok' || known < this.nodes.length || replication.includes('link_status:down')) return false;
      }
      return true;
    }, FORM_TIMEOUT_MS);
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
  }

  async #form(): Promise<void> {
    const [first, ...others] = this.nodes as [RedisNode, ...RedisNode[]];
    for (const [index, node] of this.nodes.entries()) {
      await node.commands.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    for (const node of others) {
      await first.commands.call('CLUSTER', 'MEET', node.host, String(node.port), await busPortOf(node));
    }
    for (let i = 0; i < MASTERS; i++) {
      const from = Math.floor((i * SLOTS) / MASTERS);
      const to = Math.floor(((i + 1) * SLOTS) / MASTERS) - 1;
      await this.nodes[i]?.commands.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
    }
    await this.untilHealthy();
    for (const [index, replica] of this.nodes.slice(MASTERS).entries()) {
      const master = await idOf(this.nodes[index] as RedisNode);
      await eventually(async () => (await replica.commands.cluster('REPLICATE', master)) === 'OK', FORM_TIMEOUT_MS);
    }
    if (this.nodes.length > MASTERS) await this.#untilReplicated();
  }

  async #untilReplicated(): Promise<void> {
    await eventually(async () => {
      const replicas = this.nodes.slice(MASTERS);
      const infos = await Promise.all(replicas.map((replica) => replica.commands.info('replication')));
      return infos.every((info) => info.includes('master_link_status:up'));
    }, FORM_TIMEOUT_MS);
    await this.untilHealthy();
  }

  async #alive(): Promise<RedisNode> {
    for (const node of this.nodes) {
      const state = await stateOf(node).catch(() => undefined);
      if (state?.state === 'ok') return node;
    }
    throw new Error('no node of the cluster is well');
  }
}

async function startNode(nodeTimeoutMs: number): Promise<RedisNode> {
  // The bus port that Redis would take by itself may be out of range.
  const [port, busPort] = [await freePort(), await freePort()];
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', `${nodeTimeoutMs}`];
  const ports = ['--port', `${port}`, '--cluster-port', `${busPort}`];
  // A node that is away must not hold up whoever looks at the cluster.
  const client = { commandTimeout: 1_000, maxRetriesPerRequest: 1 };
  return RedisNode.startOn(port, [...ports, ...settings, '--repl-diskless-sync-delay', '0'], client);
}

export async function idOf(node: RedisNode): Promise<string> {
  return await node.commands.cluster('MYID');
}

async function busPortOf(node: RedisNode): Promise<string> {
  const [, port] = await node.commands.config('GET', 'cluster-port');
  return port as string;
}

async function isMaster(node: RedisNode): Promise<boolean> {
  const role = (await node.commands.role().catch(() => [])) as unknown[];
  return role[0] === 'master';
}

async function stateOf(node: RedisNode): Promise<{ state: string; known: number }> {
  const info = String(await node.commands.cluster('INFO'));
  const field = (name: string): string => new RegExp(`${name}:(\\w+)`).exec(info)?.[1] ?? '';
  return { state: field('cluster_state'), known: Number(field('cluster_known_nodes')) };
}

// `<id> <host>:<port>@<bus port> …`
function portOf(line: string): number {
  return Number(/:(\d+)@/.exec(line)?.[1]);
}
