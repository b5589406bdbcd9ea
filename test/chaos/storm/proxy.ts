import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** What the client has sent and the server is to get later. */
  held?: Buffer[];
}

/** What is held back on its way to the server. */
export interface LateDelivery {
  held(): string;
  /** Parts the clients from their links: they send it again over others. */
  cut(): void;
  /** Gives it to the server after all, as a network does that was down. Resolves when the server has taken it. */
  deliver(): Promise<void>;
}

/**
 * A TCP proxy that can be slow, freeze (both sockets are paused: a half-open link), discard what the server
 * answers, deliver late, and cut.
 */
export class Proxy {
  readonly #links = new Set<Link>();
  readonly #server: Server;
  #frozen = false;
  #discarding = false;

  private constructor(
    private target: number,
    private readonly delayMs: number,
  ) {
    this.#server = createServer((client) => this.#accept(client));
  }

  /** @param delayMs how long everything takes in each direction */
  static async start(target: number, { delayMs = 0 } = {}): Promise<Proxy> {
    const proxy = new Proxy(target, delayMs);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  freeze(): void {
    this.#frozen = true;
    for (const { client, server } of this.#links) {
      client.pause();
      server.pause();
    }
  }

  thaw(): void {
    this.#frozen = false;
    for (const { client, server } of this.#links) {
      client.resume();
      server.resume();
    }
  }

  /** Links that are made from now on work; those that are frozen stay so. */
  letNewThrough(): void {
    this.#frozen = false;
  }

  /** Links that are made from now on lead to another server. */
  retarget(target: number): void {
    this.target = target;
  }

  /** The server gets what is sent, and its answers are lost. */
  discardReplies(): void {
    this.#discarding = true;
  }

  /** Holds back what clients send from now on over the links that there are. */
  holdBack(): LateDelivery {
    const links = [...this.#links];
    for (const link of links) link.held = [];
    return {
      held: () => Buffer.concat(links.flatMap(({ held = [] }) => held)).toString(),
      cut: () => links.forEach(({ client }) => client.destroy()),
      deliver: async () => {
        const closed = links.filter(({ server }) => !server.closed).map(({ server }) => once(server, 'close'));
        for (const { server, held = [] } of links) server.end(Buffer.concat(held));
        await Promise.all(closed);
      },
    };
  }

  cut(): void {
    this.#discarding = false;
    for (const { client, server } of this.#links) {
      client.destroy();
      server.destroy();
    }
    this.#links.clear();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close').catch(() => undefined);
  }

  #accept(client: Socket): void {
    const server = connect(this.target, '127.0.0.1');
    // A port that nobody listens on may be given to our own side of the link, which then talks to itself.
    server.on('connect', () => server.localPort === server.remotePort && server.destroy());
    const link: Link = { client, server };
    this.#links.add(link);
    client.on('data', (data) => (link.held ? link.held.push(data) : this.#forward(data, server)));
    server.on('data', (data) => this.#discarding || this.#forward(data, client));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (!link.held || socket === server) other.destroy();
        this.#links.delete(link);
      });
    }
    if (this.#frozen) {
      client.pause();
      server.pause();
    }
  }

  #forward(data: Buffer, to: Socket): void {
    if (this.delayMs === 0) to.write(data);
    // Timers of one length fire in order.
    else setTimeout(() => to.destroyed || to.write(data), this.delayMs);
  }
}
