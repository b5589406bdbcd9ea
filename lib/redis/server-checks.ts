import type { RedisLink } from './link.js';

const OLDEST_VERSION = '6.2.0';
// Beyond this a clock makes times in logs and `runAt` misleading; redflow itself goes by the Redis clock.
const LARGEST_SKEW_MS = 1_000;

/**
 * What about the server endangers runs, each with the setting to change. Reads INFO and TIME only, so
 * that it needs no right to CONFIG; what the user may not read is not judged.
 */
export async function checkServer(link: RedisLink): Promise<string[]> {
  const sentAt = Date.now();
  const [seconds, micros] = await link.request('time', (redis) => redis.time());
  const receivedAt = Date.now();
  const distanceMs = Math.abs(Number(seconds) * 1_000 + Number(micros) / 1_000 - (sentAt + receivedAt) / 2);
  // When on its way the call met the clock is not known.
  const skewMs = distanceMs - (receivedAt - sentAt) / 2;
  const info = parseInfo(await link.request('info', (redis) => redis.info()).catch(() => ''));
  return [...checkVersion(info), ...checkMemory(info), ...checkPersistence(info), ...checkSkew(skewMs)];
}

function checkVersion(info: Map<string, string>): string[] {
  const version = info.get('valkey_version') ?? info.get('redis_version');
  if (version === undefined || compareVersions(version, OLDEST_VERSION) >= 0) return [];
  return [`the server has version ${version}; redflow needs Redis ${OLDEST_VERSION} or Valkey`];
}

function checkMemory(info: Map<string, string>): string[] {
  const policy = info.get('maxmemory_policy');
  if (policy === undefined || policy === 'noeviction') return [];
  return [
    `maxmemory-policy is ${policy}: Redis may evict runs when its memory is full; set "maxmemory-policy noeviction"`,
  ];
}

function checkPersistence(info: Map<string, string>): string[] {
  if (info.get('aof_enabled') !== '0') return [];
  return [
    'the append-only file is off: a crash of Redis loses what was accepted since the last snapshot; set "appendonly yes"',
  ];
}

function checkSkew(skewMs: number): string[] {
  if (skewMs <= LARGEST_SKEW_MS) return [];
  return [
    `the clock of this host differs from that of Redis by about ${Math.round(skewMs / 1_000)} s; runs go by the Redis clock: set up NTP on both`,
  ];
}

function parseInfo(text: string): Map<string, string> {
  const lines = text.split('\r\n').map((line) => line.split(':', 2) as [string, string]);
  return new Map(lines.filter(([, value]) => value !== undefined));
}

function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < 3; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
  return 0;
}
