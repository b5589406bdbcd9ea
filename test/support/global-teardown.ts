import type {} from './global-setup.js';

export default async function closeTestRedis(): Promise<void> {
  await globalThis.redflowTestRedis?.close();
}
