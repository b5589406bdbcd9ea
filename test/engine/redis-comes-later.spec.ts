import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { createClient } from '@redflow/nestjs';
import { useRedis } from '../support/redis.js';
import { freePort } from '../support/free-port.js';

describe('a call while Redis is away', () => {
  const redis = useRedis();

  // A proxy stands before one server; a cluster tells the addresses of its own.
  const ofOneServer = redis.url.startsWith('redis://') ? it : it.skip;

  ofOneServer('waits over failed attempts to connect', async () => {
    const port = await freePort();
    const refused = signalled();
    const logger = { log: () => {}, warn: refused.give, error: () => {} };
    const client = createClient({ connection: `redis://127.0.0.1:${port}`, prefix: redis.prefix, logger });
    const started = client.runByName('later', 1);
    await refused.given;
    const proxy = await openProxy(port, Number(new URL(redis.url).port));
    try {
      await expect(started).resolves.toMatchObject({ created: true });
    } finally {
      await client.close();
      proxy.close();
      await once(proxy, 'close');
    }
  });

  it('warns of no leak where many calls wait', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    const logger = { log: () => {}, warn: () => {}, error: () => {} };
    const connection = `redis://127.0.0.1:${await freePort()}`;
    const client = createClient({ connection, prefix: redis.prefix, logger, commandTimeoutMs: 250 });
    try {
      const calls = Array.from({ length: 50 }, (_, index) => client.getRun(`run${index}`));
      const results = await Promise.allSettled(calls);
      expect(results.every(({ status }) => status === 'rejected')).toBe(true);
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', onWarning);
      await client.close();
    }
  });

  it('rejects once the time is over, and says that nothing was sent', async () => {
    const connection = `redis://127.0.0.1:${await freePort()}`;
    const logger = { log: () => {}, warn: () => {}, error: () => {} };
    const client = createClient({ connection, prefix: redis.prefix, logger, commandTimeoutMs: 250 });
    try {
      await expect(client.runByName('never', 1)).rejects.toMatchObject({
        name: 'ConnectionError',
        message: expect.stringMatching(
          /^Redis could not do "enqueue": no connection within 250 ms .*; nothing was sent$/,
        ),
      });
    } finally {
      await client.close();
    }
  });
});

function signalled(): { given: Promise<void>; give: () => void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}

async function openProxy(port: number, target: number): Promise<Server> {
  const proxy = createServer((socket) => {
    const upstream = connect(target, '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) {
      end.on('error', () => undefined);
      end.on('close', () => (socket.destroy(), upstream.destroy()));
    }
  });
  proxy.listen(port, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}
