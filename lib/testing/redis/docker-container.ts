import type { LaunchedRedis, LaunchOptions, LaunchWay } from './launch-way.js';

type Testcontainers = typeof import('testcontainers');

const DEFAULT_IMAGE = 'redis:7-alpine';
const REDIS_PORT = 6_379;

/** A private container; Testcontainers removes it when this process dies. */
export const fromDocker: LaunchWay = async (options) => {
  const testcontainers = await loadTestcontainers();
  if (!testcontainers) return { obstacle: 'Docker: the package testcontainers is not installed' };
  const runtime = await testcontainers.getContainerRuntimeClient().catch(() => undefined);
  if (!runtime) return { obstacle: 'Docker: no daemon answers' };
  try {
    return await startContainer(testcontainers, options);
  } catch (error) {
    return {
      obstacle: `Docker: the container did not start: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
};

// Optional, and loaded only where nothing simpler was found.
async function loadTestcontainers(): Promise<Testcontainers | undefined> {
  return import('testcontainers').catch(() => undefined);
}

async function startContainer(
  { GenericContainer, Wait }: Testcontainers,
  options: LaunchOptions,
): Promise<LaunchedRedis> {
  const image = process.env['REDFLOW_TEST_IMAGE'] || DEFAULT_IMAGE;
  options.onProgress?.(`starting a container of ${image}`);
  // Protected mode would refuse the forwarded connections where the image does not already turn it off.
  const command = [
    'redis-server',
    '--save',
    '',
    '--appendonly',
    'no',
    '--protected-mode',
    'no',
    ...(options.args ?? []),
  ];
  const container = await new GenericContainer(image)
    .withExposedPorts(REDIS_PORT)
    .withCommand(command)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  let stopped: Promise<unknown> | undefined;
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(REDIS_PORT)}`,
    source: 'docker',
    close: async () => {
      await (stopped ??= container.stop());
    },
  };
}
