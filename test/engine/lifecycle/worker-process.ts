import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = process.cwd();

/** A worker in a process of its own, which can be killed. */
export interface WorkerProcess {
  /** Resolves with the next message that the process sends. */
  message(): Promise<unknown>;
  send(message: unknown): void;
  /** SIGKILL; resolves once the process is gone. */
  kill(): Promise<void>;
}

export interface WorkerProcesses {
  start(env: Record<string, string>): Promise<WorkerProcess>;
}

/** Builds a program of this folder once; what it has started is killed after each test. */
export function useWorkerProcesses(entry: string): WorkerProcesses {
  let folder = '';
  const running = new Set<WorkerProcess>();

  beforeAll(async () => {
    // Within node_modules, so that the packages are found.
    await mkdir(join(ROOT, 'node_modules/.cache/redflow'), { recursive: true });
    folder = await mkdtemp(join(ROOT, 'node_modules/.cache/redflow/worker-'));
    await build({
      entryPoints: [join(ROOT, 'test/engine/lifecycle', entry)],
      outfile: join(folder, 'worker.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
    await cp(join(ROOT, 'lib/redis/lua'), join(folder, 'lua'), { recursive: true });
  });
  afterEach(async () => {
    await Promise.all([...running].map((worker) => worker.kill()));
    running.clear();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  return {
    async start(env) {
      const child = fork(join(folder, 'worker.mjs'), { env: { ...process.env, ...env }, execArgv: [] });
      const worker = workerProcess(child);
      running.add(worker);
      await worker.message();
      return worker;
    },
  };
}

function workerProcess(child: ChildProcess): WorkerProcess {
  const messages: unknown[] = [];
  let wake = (): void => undefined;
  child.on('message', (message) => {
    messages.push(message);
    wake();
  });
  child.on('exit', () => wake());
  return {
    async message() {
      while (messages.length === 0) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error('the worker process has ended');
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return messages.shift();
    },
    send: (message) => void child.send(message as never),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
