/** Where a Redis came from. */
export type RedisSource = 'REDIS_URL' | 'path' | 'docker' | 'package';

export interface LaunchOptions {
  /** Never the shared Redis of `REDIS_URL`: for tests that stop, flush or reconfigure it. Default false. */
  readonly private?: boolean;
  /** More arguments for the server of a private instance: `['--appendonly', 'yes']`. Default none: nothing is persisted. */
  readonly args?: readonly string[];
  /** Told before something that takes long: an image that is pulled, a package that is installed. */
  readonly onProgress?: (message: string) => void;
}

export interface LaunchedRedis {
  /** `redis://…`: what `connection` takes. */
  readonly url: string;
  readonly source: RedisSource;
  /** Stops a private instance and removes what it left; leaves a shared one alone. May be called twice. */
  readonly close: () => Promise<void>;
}

/** Why a way is closed on this machine. */
export interface Obstacle {
  readonly obstacle: string;
}

/** One way to a Redis: gives one, or says what stands against it. */
export type LaunchWay = (options: LaunchOptions) => Promise<LaunchedRedis | Obstacle>;

export function isLaunched(result: LaunchedRedis | Obstacle): result is LaunchedRedis {
  return 'url' in result;
}
