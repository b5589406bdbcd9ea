import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { Child } from './child.mjs';
import { ProviderBooks } from './provider.mjs';

const DIST = new URL('../dist/', import.meta.url);
const LISTENING = /listening on (http:\S+)/;

/** The processes of the demo: a provider, an API, and workers that come and go. All ports are free ones. */
export class Stage {
  #environment;
  #cleanup;
  #fail;
  #hired = 0;

  /** Those that run. */
  workers = [];
  /** Rejects if a process ends that nobody has asked to. */
  crashed = new Promise((_, reject) => (this.#fail = reject));

  constructor({ redisUrl, prefix, cleanup }) {
    this.#environment = { REDIS_URL: redisUrl, REDFLOW_PREFIX: prefix, LEASE_MS: '2000', PORT: '0', NO_COLOR: '1' };
    this.#cleanup = cleanup;
    this.crashed.catch(() => undefined);
    cleanup.add(() => removeKeys(redisUrl, prefix));
  }

  static async open(options) {
    const stage = new Stage(options);
    const [, providerUrl] = await stage.#start('provider', 'provider.js').line(LISTENING);
    stage.provider = new ProviderBooks(providerUrl);
    stage.#environment.PROVIDER_URL = providerUrl;
    const api = stage.#start('api', 'main.js').line(LISTENING);
    await Promise.all([api, stage.addWorker(), stage.addWorker()]);
    stage.api = (await api)[1];
    return stage;
  }

  async addWorker() {
    this.#hired += 1;
    const name = `worker-${this.#hired}`;
    const worker = this.#start(name, 'worker.js', { WORKER_NAME: name });
    await worker.line(/is ready/);
    this.workers.push(worker);
  }

  #start(name, script, env = {}) {
    return new Child({
      name,
      command: [process.execPath, fileURLToPath(new URL(script, DIST))],
      env: { ...this.#environment, ...env },
      cleanup: this.#cleanup,
      onCrash: this.#fail,
    });
  }
}

/** The Redis may be somebody else's: leave nothing there. */
async function removeKeys(url, prefix) {
  const redis = new Redis(url);
  try {
    for await (const keys of redis.scanStream({ match: `{${prefix}}:*`, count: 1_000 })) {
      if (keys.length > 0) await redis.unlink(...keys);
    }
  } finally {
    redis.disconnect();
  }
}
