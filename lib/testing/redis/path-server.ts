import { findExecutable } from './executable.js';
import type { LaunchWay } from './launch-way.js';
import { startServer } from './server-process.js';

const SERVERS = ['redis-server', 'valkey-server'];

/** A private instance of the server that is installed here. */
export const fromPath: LaunchWay = async (options) => {
  const server = await findExecutable(SERVERS);
  if (!server) return { obstacle: 'PATH: neither redis-server nor valkey-server is on it' };
  const { url, close } = await startServer(server, options.args);
  return { url, source: 'path', close };
};
