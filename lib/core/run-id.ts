import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const TIME_CHARS = 8;
const RANDOM_CHARS = 12;
const POOL_BYTES = 4_096;
// Bytes from here on would make the low letters more likely.
const UNBIASED = 252;

const pool = new Uint8Array(POOL_BYTES);
let next = POOL_BYTES;

function randomChar(): string {
  for (;;) {
    if (next === POOL_BYTES) {
      randomFillSync(pool);
      next = 0;
    }
    const byte = pool[next++] as number;
    if (byte < UNBIASED) return ALPHABET[byte % 36] as string;
  }
}

function randomText(chars: number): string {
  let text = '';
  for (let i = 0; i < chars; i++) text += randomChar();
  return text;
}

/**
 * A run id: the time in ms (8 characters of base 36, good until 2059) and 62 random bits. Sortable by
 * the clock of the process that made it, safe in URLs and keys. Order in lists is by the Redis clock.
 */
export function newRunId(): string {
  return Date.now().toString(36).padStart(TIME_CHARS, '0') + randomText(RANDOM_CHARS);
}

/** An unguessable token: 103 random bits. */
export function newToken(): string {
  return randomText(20);
}
