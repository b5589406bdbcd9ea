import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const HOST = '127.0.0.1';
const PORT_ATTEMPTS = 10;
const START_TIMEOUT_MS = 30_000;
const LOG_TAIL_CHARS = 2_000;

// The shell becomes the server. Beside it a watchdog reads a pipe whose other end only the launching
// process has: however that ends, by SIGKILL too, the pipe closes, and the watchdog ends the server.
const GUARDED_SERVER = `
  folder=$1; shift
  exec 3<&0
  (cat <&3; kill -9 $$; rm -rf "$folder") >/dev/null 2>&1 &
  exec "$@" 3<&- </dev/null 2>&1
`;

type ServerProcess = ChildProcessByStdio<Writable, Readable, null>;

/** What is known of a server's start: it is ready, or why not. */
type Start = { readonly state: 'ready' } | { readonly state: 'port-taken' | 'failed'; readonly log: string };

/** Starts `file` on a free loopback port; nothing is persisted unless `args` say so. */
export async function startServer(
  file: string,
  args: readonly string[] = [],
): Promise<{ url: string; close: () => Promise<void> }> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
    const folder = await mkdtemp(join(tmpdir(), 'redflow-redis-'));
    const server = spawnServer(file, serverArgs(port, folder, args), folder);
    const close = () => stop(server, folder);
    const start = await whenStarted(server);
    if (start.state === 'ready') return { url: `redis://${HOST}:${port}`, close };
    await close();
    // Between the look and the start another process may take the port.
    if (start.state === 'failed' || attempt === PORT_ATTEMPTS) throw new Error(`${file} did not start:\n${start.log}`);
  }
}

// The last of two equal options counts: what the launcher depends on comes last.
function serverArgs(port: number, folder: string, args: readonly string[]): string[] {
  const defaults = ['--save', '', '--appendonly', 'no'];
  const fixed = [
    '--bind',
    HOST,
    '--port',
    `${port}`,
    '--dir',
    folder,
    '--daemonize',
    'no',
    '--logfile',
    '',
    '--loglevel',
    'notice',
  ];
  return [...defaults, ...args, ...fixed];
}

function spawnServer(file: string, args: readonly string[], folder: string): ServerProcess {
  // Detached: a Ctrl-C in the terminal is for the tests, which may still need their Redis to clean up.
  const server = spawn('/bin/sh', ['-c', GUARDED_SERVER, 'redflow-redis', folder, file, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  server.stdin.on('error', () => {});
  for (const handle of [server, server.stdin as Socket, server.stdout as Socket]) handle.unref();
  return server;
}

async function whenStarted(server: ServerProcess): Promise<Start> {
  let log = '';
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Start>((resolve) => {
      const fail = () => resolve({ state: /address already in use/i.test(log) ? 'port-taken' : 'failed', log });
      timer = setTimeout(fail, START_TIMEOUT_MS);
      server.stdout.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-LOG_TAIL_CHARS);
        if (log.includes('Ready to accept connections')) resolve({ state: 'ready' });
      });
      server.once('error', (error) => ((log += error.message), fail()));
      server.once('close', fail);
    });
  } finally {
    clearTimeout(timer);
    server.stdout.removeAllListeners('data').resume();
  }
}

async function stop(server: ServerProcess, folder: string): Promise<void> {
  if (server.exitCode === null && server.signalCode === null && server.pid !== undefined) {
    const exited = once(server, 'exit');
    server.ref();
    server.kill('SIGKILL');
    await exited;
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
