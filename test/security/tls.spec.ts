import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ConnectionError } from '@redflow/nestjs';
import { describeWithServer } from '../chaos/matrix/support/private-redis.js';
import { goRound, newClient, newWorker } from '../topologies/feature-round.js';
import { freePort } from '../support/free-port.js';
import { RedisNode } from '../topologies/redis-node.js';

describeWithServer('TLS', () => {
  const run = promisify(execFile);

  let folder: string;
  let redis: RedisNode;
  let port: number;
  const file = (name: string): string => join(folder, name);

  /** An authority of its own, and a certificate for the loopback that it has signed. */
  async function certify(authority: string, server: string): Promise<void> {
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout'];
    const openssl = (...args: string[]) => run('openssl', args);
    await openssl(
      ...['req', '-x509', ...key, file(`${authority}.key`), '-out', file(`${authority}.crt`)],
      ...['-days', '2', '-subj', `/CN=${authority}`],
    );
    await openssl('req', ...key, file(`${server}.key`), '-out', file(`${server}.csr`), '-subj', '/CN=127.0.0.1');
    const extensions = file(`${server}.ext`);
    await import('node:fs/promises').then((fs) => fs.writeFile(extensions, 'subjectAltName=IP:127.0.0.1'));
    await openssl(
      ...[
        'x509',
        '-req',
        '-in',
        file(`${server}.csr`),
        '-CA',
        file(`${authority}.crt`),
        '-CAkey',
        file(`${authority}.key`),
      ],
      ...['-CAcreateserial', '-days', '2', '-extfile', extensions, '-out', file(`${server}.crt`)],
    );
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redflow-tls-'));
    await certify('authority', 'server');
    await certify('stranger', 'other');
    port = await freePort();
    const ca = await readFile(file('authority.crt'), 'utf8');
    const tls = ['--tls-cert-file', file('server.crt'), '--tls-key-file', file('server.key')];
    redis = await RedisNode.startOn(
      port,
      [
        '--port',
        '0',
        '--tls-port',
        `${port}`,
        ...tls,
        '--tls-ca-cert-file',
        file('authority.crt'),
        '--tls-auth-clients',
        'no',
      ],
      { tls: { ca } },
    );
  }, 90_000);
  afterAll(async () => {
    await redis?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('everything works over TLS with the right authority', async () => {
    const ca = await readFile(file('authority.crt'), 'utf8');
    const place = { connection: { host: '127.0.0.1', port, tls: { ca } }, prefix: 'over-tls' };
    const client = newClient(place);
    const worker = await newWorker(place);
    try {
      await goRound(client);
    } finally {
      await worker.stop();
      await client.close();
    }
  }, 60_000);

  test.each<[string, () => Promise<object | string>, RegExp]>([
    [
      'of another authority',
      async () => ({ tls: { ca: await readFile(file('stranger.crt'), 'utf8') } }),
      /certificate|signature/i,
    ],
    ['of no authority that the system knows', () => Promise.resolve({ tls: {} }), /certificate|signature/i],
    [
      'for another host',
      async () => ({ tls: { ca: await readFile(file('authority.crt'), 'utf8'), servername: 'redis.example' } }),
      /altnames|host/i,
    ],
  ])('refuses a certificate %s, and says why', async (_, options, reason) => {
    const connection = { host: '127.0.0.1', port, ...((await options()) as object) };
    const client = newClient({ connection, prefix: 'over-tls' }, { commandTimeoutMs: 1_500 });
    const error = await client.getRun('1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toMatch(reason);
    await client.close();
  });

  test('rediss:// asks for TLS, and verifies', async () => {
    const client = newClient({ connection: `rediss://127.0.0.1:${port}`, prefix: 'x' }, { commandTimeoutMs: 1_500 });
    await expect(client.getRun('1')).rejects.toThrow(/certificate|signature/i);
    await client.close();
  });
});
