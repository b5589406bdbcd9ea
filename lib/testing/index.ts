export { launchRedis, type LaunchedRedis, type LaunchOptions, type RedisSource } from './redis-launcher.js';
export { NoRedisError } from './redis/no-redis.error.js';
