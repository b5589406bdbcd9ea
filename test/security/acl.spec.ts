import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { aclRules, ConnectionError, examine } from '@redflow/nestjs';
import { Redis } from 'ioredis';
import { describeWithServer } from '../chaos/matrix/support/private-redis.js';
import { goRound, newClient, newWorker } from '../topologies/feature-round.js';
import { RedisNode } from '../topologies/redis-node.js';

describeWithServer('a Redis user with the least rights', () => {
  const PREFIX = 'guarded[1]*';
  const PASSWORD = 'pass-of-the-user';

  let redis: RedisNode;
  beforeAll(async () => {
    redis = await RedisNode.start();
  }, 60_000);
  afterAll(() => redis?.close());

  /** Gives a user the rules, and the connection as that user. */
  async function userWith(name: string, rules: readonly string[]): Promise<string> {
    await redis.commands.call('ACL', 'SETUSER', name, 'reset', 'on', `>${PASSWORD}`, ...rules);
    return `redis://${name}:${PASSWORD}@${redis.host}:${redis.port}`;
  }

  test('everything works as a user with these rules, and the server denies nothing', async () => {
    const place = { connection: await userWith('minimal', aclRules(PREFIX)), prefix: PREFIX };
    await redis.commands.call('ACL', 'LOG', 'RESET');
    const client = newClient(place);
    const worker = await newWorker(place);
    try {
      await goRound(client);
      expect((await examine({ ...place, repair: true })).violations).toEqual([]);
    } finally {
      await worker.stop();
      await client.close();
    }
    const denied = (await redis.commands.call('ACL', 'LOG')) as string[][];
    // The client library names itself, where the server lets it.
    expect(denied.map((entry) => entry[5]).filter((what) => !what?.startsWith('client|'))).toEqual([]);
  }, 60_000);

  test('the user reaches no other prefix, no other channel, and nothing dangerous', async () => {
    const user = new Redis(await userWith('minimal', aclRules(PREFIX)));
    const denied: (() => Promise<unknown>)[] = [
      () => user.get('{other}:workflows'),
      () => user.get('{guarded1x}:workflows'),
      () => user.eval('return redis.call("GET", "other")', 0),
      () => user.publish('{other}:client:1', 'x'),
      () => user.subscribe('{other}:client:1'),
      () => user.flushall(),
      () => user.keys('*'),
      () => user.config('GET', '*'),
      () => user.call('ACL', 'LIST'),
      () => user.script('FLUSH'),
    ];
    for (const attempt of denied) await expect(attempt()).rejects.toThrow(/NOPERM|permission|can't access/i);
    await user.quit();
  });

  test('no command of a script is missing', async () => {
    const scripts = new URL('../../lib/redis/lua/', import.meta.url).pathname;
    const files = (await readdir(scripts, { recursive: true })).filter((file) => file.endsWith('.lua'));
    const sources = await Promise.all(files.map((file) => readFile(join(scripts, file), 'utf8')));
    const called = new Set(sources.join('\n').match(/(?<=(?:redis\.p?call|later)\(\s*')[A-Z]+(?=')/g));
    expect(called.size).toBeGreaterThan(20);
    const allowed = aclRules(PREFIX).map((rule) => rule.slice(1).toUpperCase());
    const isAllowed = (command: string) => allowed.some((rule) => rule === command || rule.startsWith(`${command}|`));
    expect([...called].filter((command) => !isAllowed(command))).toEqual([]);
  });

  test('without INFO a worker starts all the same, and judges nothing about the server', async () => {
    const rules = [...aclRules(PREFIX), '-info'];
    const log: string[] = [];
    const note = (message: string): void => void log.push(message);
    const connection = { host: redis.host, port: redis.port, username: 'blind', password: PASSWORD };
    await userWith('blind', rules);
    const place = { connection: { ...connection, enableReadyCheck: false }, prefix: PREFIX };
    const worker = await newWorker(place, undefined, {
      serverChecks: true,
      logger: { log: note, warn: note, error: note },
    });
    await worker.stop();
    expect(log.filter((line) => line.startsWith('Redis:'))).toEqual([]);
  });

  test('a wrong password is told as such, without the password', async () => {
    await userWith('minimal', aclRules(PREFIX));
    const connection = `redis://minimal:wrong-secret@${redis.host}:${redis.port}`;
    const client = newClient({ connection, prefix: PREFIX }, { commandTimeoutMs: 1_000 });
    const error = await client.getRun('1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toMatch(/WRONGPASS/);
    expect(String(error)).not.toMatch('wrong-secret');
    await client.close();
  });
});
