import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findExecutable } from './executable.js';
import type { LaunchWay } from './launch-way.js';
import { startServer } from './server-process.js';

const run = promisify(execFile);

const INSTALL_TIMEOUT_MS = 10 * 60_000;
const OUTPUT_BYTES = 16 * 1_048_576;
const BIN_FOLDERS = ['/usr/bin', '/usr/local/bin'];

// One launcher installs, others wait for it; whoever else holds apt's locks is waited for as well.
// The policy file is Debian's way to say that an installation shall not start services.
const INSTALL = `
  set -eu
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C
  exec 9>/run/lock/redflow-install-redis
  flock 9
  if [ -x /usr/bin/redis-server ]; then exit 0; fi

  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\\nexit 101\\n' >"$policy"
    chmod 755 "$policy"
  fi

  until output=$(apt-get -qq update 2>&1); do
    case $output in
      *'get lock'*) sleep 1 ;;
      *) break ;;
    esac
  done
  apt-get -qq -y -o DPkg::Lock::Timeout=-1 install --no-install-recommends redis-server 9>&-
  if command -v systemctl >/dev/null; then systemctl disable --now redis-server || true; fi
`;

/** The server of the distribution's package, which is installed first; as a private instance, its service stays off. */
export const fromDistributionPackage: LaunchWay = async (options) => {
  if (!(await findExecutable(['apt-get']))) return { obstacle: 'package: only on Debian and Ubuntu' };
  const shell = await rootShell();
  if (!shell) return { obstacle: 'package: needs root or passwordless sudo' };
  options.onProgress?.('installing the package redis-server');
  try {
    const [file, ...args] = shell;
    await run(file, [...args, INSTALL], { timeout: INSTALL_TIMEOUT_MS, maxBuffer: OUTPUT_BYTES });
  } catch (error) {
    return { obstacle: `package: the installation failed: ${messageOf(error)}` };
  }
  const server = await findExecutable(['redis-server'], BIN_FOLDERS);
  if (!server) return { obstacle: 'package: installed, but it brought no redis-server' };
  const { url, close } = await startServer(server, options.args);
  return { url, source: 'package', close };
};

async function rootShell(): Promise<[file: string, ...args: string[]] | undefined> {
  if (process.getuid?.() === 0) return ['/bin/sh', '-c'];
  const sudo = await findExecutable(['sudo']);
  if (!sudo) return undefined;
  return run(sudo, ['-n', 'true']).then(
    () => [sudo, '-n', '/bin/sh', '-c'],
    () => undefined,
  );
}

function messageOf(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  return stderr?.trim().split('\n').slice(-3).join(' ') || (error instanceof Error ? error.message : String(error));
}
