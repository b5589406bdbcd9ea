import type { Redis } from 'ioredis';

interface CommandCount {
  readonly calls: number;
  readonly usec: number;
}

/** What a Redis server has counted so far. Commands within scripts are counted too. */
export interface RedisCounters {
  readonly cpuUs: number;
  readonly reads: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly commands: ReadonlyMap<string, CommandCount>;
}

export interface CommandUse {
  readonly command: string;
  readonly calls: number;
  readonly usec: number;
}

/** What happened between two looks. */
export interface RedisUse {
  readonly cpuUs: number;
  /** Times that the server found something to read: round trips, where what arrives together counts as one. */
  readonly reads: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly commands: number;
  readonly scripts: number;
  readonly scriptUs: number;
  readonly byCommand: CommandUse[];
}

export const SCRIPT_COMMANDS = ['eval', 'evalsha', 'fcall'];
// The looks themselves.
const OWN_COMMANDS = ['info'];

export async function readCounters(redis: Redis): Promise<RedisCounters> {
  const info = parseInfo(await redis.info('all'));
  const number = (name: string) => Number(info.get(name) ?? 0);
  const commands = new Map<string, CommandCount>();
  for (const [name, value] of info) {
    const command = name.startsWith('cmdstat_') ? name.slice('cmdstat_'.length) : '';
    if (command && !OWN_COMMANDS.includes(command)) commands.set(command, parseCommand(value));
  }
  return {
    cpuUs: (number('used_cpu_user') + number('used_cpu_sys')) * 1e6,
    reads: number('total_reads_processed'),
    bytesIn: number('total_net_input_bytes'),
    bytesOut: number('total_net_output_bytes'),
    commands,
  };
}

export function redisUse(before: RedisCounters, after: RedisCounters): RedisUse {
  const byCommand: CommandUse[] = [];
  for (const [command, { calls, usec }] of after.commands) {
    const earlier = before.commands.get(command);
    const made = calls - (earlier?.calls ?? 0);
    if (made > 0) byCommand.push({ command, calls: made, usec: usec - (earlier?.usec ?? 0) });
  }
  byCommand.sort((a, b) => b.usec - a.usec);
  const scripts = byCommand.filter(({ command }) => SCRIPT_COMMANDS.includes(command));
  return {
    cpuUs: after.cpuUs - before.cpuUs,
    reads: after.reads - before.reads,
    bytesIn: after.bytesIn - before.bytesIn,
    bytesOut: after.bytesOut - before.bytesOut,
    commands: sum(byCommand.map(({ calls }) => calls)),
    scripts: sum(scripts.map(({ calls }) => calls)),
    scriptUs: sum(scripts.map(({ usec }) => usec)),
    byCommand,
  };
}

export async function usedMemory(redis: Redis): Promise<number> {
  return Number(parseInfo(await redis.info('memory')).get('used_memory'));
}

export function parseInfo(text: string): Map<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':') && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function parseCommand(value: string): CommandCount {
  const fields = new Map(value.split(',').map((pair) => pair.split('=') as [string, string]));
  return { calls: Number(fields.get('calls')), usec: Number(fields.get('usec')) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
