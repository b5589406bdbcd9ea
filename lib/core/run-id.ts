import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const TIME_CHARS = 8;
const RANDOM_CHARS = 9;
const COUNTER_CHARS = 3;
const COUNTER_LIMIT = 36 ** COUNTER_CHARS;
const TOKEN_CHARS = 20;
const POOL_BYTES = 4_096;
// Bytes from here on would make the first letters more likely.
const UNBIASED = 252;

const pool = new Uint8Array(POOL_BYTES);
let poolAt = POOL_BYTES;

let lastMs = 0;
let lastStart = '';
let counter = 0;

/**
 * A run id: the time in ms (8 characters of base 36, good until 2059), 46 random bits and a counter.
 * Sortable in the order of creation within a process, and by the clock between processes; safe in URLs
 * and keys. Lists are ordered by the Redis clock first.
 */
export function newRunId(): string {
  const nowMs = Date.now();
  if (nowMs > lastMs || counter === COUNTER_LIMIT) startMillisecond(Math.max(nowMs, lastMs + 1));
  return lastStart + (counter++).toString(36).padStart(COUNTER_CHARS, '0');
}

/** An unguessable token: 103 random bits. */
export function newToken(): string {
  return randomText(TOKEN_CHARS);
}

function startMillisecond(ms: number): void {
  lastMs = ms;
  lastStart = ms.toString(36).padStart(TIME_CHARS, '0') + randomText(RANDOM_CHARS);
  counter = 0;
}

function randomText(chars: number): string {
  let text = '';
  for (let i = 0; i < chars; i++) text += randomChar();
  return text;
}

function randomChar(): string {
  for (;;) {
    if (poolAt === POOL_BYTES) {
      randomFillSync(pool);
      poolAt = 0;
    }
    const byte = pool[poolAt++] as number;
    if (byte < UNBIASED) return ALPHABET[byte % 36] as string;
  }
}
