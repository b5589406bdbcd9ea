import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * A TCP proxy that can be slow, freeze (both sockets are paused: a half-open link), discard what the server
 * answers, and cut.
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
    const link = { client, server };
    this.#links.add(link);
    client.on('data', (data) => this.#forward(data, server));
    server.on('data', (data) => this.#discarding || this.#forward(data, client));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        other.destroy();
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
