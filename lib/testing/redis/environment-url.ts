import { ConfigurationError } from '../../core/errors/configuration.error.js';
import type { LaunchWay } from './launch-way.js';

/** The Redis that `REDIS_URL` names. Someone else started it, so it is not stopped. */
export const fromEnvironment: LaunchWay = async (options) => {
  const url = process.env['REDIS_URL'];
  if (!url) return { obstacle: 'REDIS_URL: not set' };
  if (options.private) return { obstacle: 'REDIS_URL: set, but a private Redis is wanted' };
  if (!/^rediss?:\/\//.test(url)) throw new ConfigurationError('REDIS_URL', 'must start with redis:// or rediss://');
  return { url, source: 'REDIS_URL', close: async () => {} };
};
