import { RedflowError } from '../../core/errors/redflow.error.js';

/** No Redis was found, and none could be brought. */
export class NoRedisError extends RedflowError {
  constructor(
    /** Why each way failed, in the order in which they were tried. */
    readonly obstacles: readonly string[],
  ) {
    super(
      'no Redis found, and none could be started. Set REDIS_URL, install redis-server or valkey-server, or start Docker. ' +
        `Tried:\n${obstacles.map((obstacle) => `  - ${obstacle}`).join('\n')}`,
    );
  }
}
