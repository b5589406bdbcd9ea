import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { DoctorReport } from '@redflow/nestjs';
import { LEASE_MS, useStore } from '../redis/store-fixture.js';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('redflow doctor', () => {
  const store = useStore();
  let built: string;

  beforeAll(async () => {
    mkdirSync(join(ROOT, '.tmp'), { recursive: true });
    built = mkdtempSync(join(ROOT, '.tmp', 'doctor-'));
    const entryPoints = [join(ROOT, 'lib/**/*.ts')];
    await build({ entryPoints, outdir: built, platform: 'node', format: 'esm', tsconfig: join(ROOT, 'tsconfig.json') });
    cpSync(join(ROOT, 'lib/redis/lua'), join(built, 'redis/lua'), { recursive: true });
  }, 60_000);
  afterAll(() => rmSync(built, { recursive: true, force: true }));

  const redflow = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> => {
    const { REDIS_URL: _url, REDFLOW_PREFIX: _prefix, ...rest } = process.env;
    const command = run(process.execPath, [join(built, 'cli/redflow.js'), ...args], { env: { ...rest, ...env } });
    return command.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: Ended) => error,
    );
  };
  const place = (): string[] => ['--url', store().redis.url, '--prefix', store().redis.prefix];
  const doctor = (...args: string[]): Promise<Ended> => redflow(['doctor', ...place(), ...args]);

  it('says what is in order', async () => {
    await store().queued('r1');
    await store().running('r2', { queue: 'q2' });
    const { code, stdout, stderr } = await doctor();
    const { prefix } = store().redis;
    expect(stdout).toMatch(new RegExp(`^prefix ${prefix}: \\d+ keys, 2 runs \\(1 \\w+, 1 \\w+\\)\\nin order\\n$`));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('takes its place from the environment', async () => {
    await store().queued('r1');
    const { url, prefix } = store().redis;
    const { code, stdout } = await redflow(['doctor'], { REDIS_URL: url, REDFLOW_PREFIX: prefix });
    expect(code).toBe(0);
    expect(stdout).toContain(`prefix ${prefix}: `);
  });

  it('tells each violation on a line, and ends with 1 until they are repaired', async () => {
    const { commands } = store().redis;
    await store().queued('r1');
    await commands.del(store().keys.key('ready', 'q'));
    const found = await doctor();
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/^VIOLATION queued_nowhere r1: .*\n1 violations, 0 of them repaired\n$/m);
    const repaired = await doctor('--repair');
    expect(repaired.code).toBe(0);
    expect(repaired.stdout).toMatch(/^repaired queued_nowhere r1: .*\n1 violations, 1 of them repaired\n$/m);
    expect((await doctor()).stdout).toMatch(/^in order$/m);
    expect(await store().claim('t')).toMatchObject([{ id: 'r1' }]);
  });

  it('prints its report as JSON', async () => {
    await store().queued('r1');
    await store().redis.commands.zrem(store().keys.key('created'), 'r1');
    const { code, stdout } = await doctor('--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      prefix: store().redis.prefix,
      keys: expect.any(Number),
      runs: 1,
      runsByStatus: { queued: 1 },
      violations: [
        { code: 'unindexed_run', subject: 'r1', detail: 'not in runs:created', repaired: false },
      ] satisfies DoctorReport['violations'],
      counts: { unindexed_run: 1 },
      unrepaired: 1,
      truncated: false,
    });
  });

  it('counts what it does not list', async () => {
    const { commands } = store().redis;
    await commands.zadd(store().keys.key('created'), ...Array.from({ length: 150 }, (_, i) => [1, `gone${i}`]).flat());
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout.match(/^VIOLATION/gm)).toHaveLength(100);
    expect(stdout).toMatch(/^foreign_member: 150 in all\n150 violations, 0 of them repaired$/m);
    expect(await doctor('--repair')).toMatchObject({ code: 0 });
  });

  it('lets names not steer the terminal', async () => {
    await store().redis.commands.set(`${store().keys.root}\u001b[2J\nin order`, 1);
    const { stdout } = await doctor();
    expect(stdout).toContain('VIOLATION unknown_key \\u001b[2J\\u000ain order: ');
  });

  it('takes runs that are kept for ever, and the patience for leases, as options', async () => {
    const { commands } = store().redis;
    await store().finish(await store().running('r1'));
    await commands.zrem(store().keys.key('expiring'), 'w:succeeded');
    const runs = [await store().running('r2')];
    await store().store.work.extendLeases({ runs, leaseMs: LEASE_MS });
    const [seconds] = await commands.time();
    await commands.zadd(store().keys.key('leases'), Number(seconds) * 1_000 - 60_000, 'r2');
    expect((await doctor()).stdout).toMatch(
      /not_expiring workflow-runs:w:succeeded[^]*lease_expired r2|lease_expired r2[^]*not_expiring workflow-runs/,
    );
    expect(await doctor('--keeps-runs', '--lease-grace', '600000')).toMatchObject({ code: 0 });
  });

  it.each([
    ['an unknown option', ['doctor', '--frobnicate'], /frobnicate/],
    ['an argument too many', ['doctor', 'now'], /now/],
    ['a bad grace', ['doctor', '--lease-grace', 'soon'], /--lease-grace must be a number of ms, got "soon"/],
    ['a bad URL', ['doctor', '--url', 'http://x:secret@y'], /connection.*redis:\/\/host:port/],
    ['a bad prefix', ['doctor', '--prefix', 'a{b}'], /prefix/],
    ['an unknown command', ['surgeon'], /there is no command "surgeon"[^]*Usage:/],
  ])('ends with 2 for %s', async (_what, args, message) => {
    const { code, stdout, stderr } = await redflow(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('secret');
  });

  it('ends with 2 where Redis cannot be reached', async () => {
    const { code, stdout, stderr } = await redflow(['doctor', '--url', 'redis://:secret@127.0.0.1:1']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^redflow doctor: Redis could not do .*ECONNREFUSED/);
    expect(stderr).not.toContain('secret');
  });

  it.each([[['doctor', '--help']], [['--help']], [[]]])('explains itself: %j', async (args) => {
    expect(await redflow(args)).toMatchObject({ code: 0, stdout: expect.stringContaining('--lease-grace MS') });
  });
});
