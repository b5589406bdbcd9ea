import type { HandedRun } from '../core/store.js';

const HEAD_WORDS = 7;

/** What `include/hand-over.lua` writes for a worker that stood by; `undefined` for something else. */
export function parseHandedRun(message: string): HandedRun | undefined {
  const end = message.indexOf('\n');
  const words = message.slice(0, end).split(' ');
  if (words.length !== HEAD_WORDS) return undefined;
  const [token, id] = words as [string, string];
  const [now, createdAt, maxAttempts, ...lengths] = words.slice(2).map(Number) as [number, number, number, ...number[]];
  const [workflow, queue, input] = cut(message.slice(end + 1), lengths) as [string, string, string];
  return {
    now,
    run: {
      ...{ id, token, workflow, queue, input: input === '' ? undefined : input },
      ...{ attempt: 1, maxAttempts, createdAt, startedAt: now },
      ...{ steps: [], outcomes: [] },
    },
  };
}

/** Parts of so many bytes, and the rest. */
function cut(text: string, lengths: readonly number[]): string[] {
  const bytes = Buffer.from(text);
  const ends = lengths.map((_, index) => lengths.slice(0, index + 1).reduce((sum, length) => sum + length));
  return [...ends, bytes.length].map((end, index) => bytes.toString('utf8', ends[index - 1] ?? 0, end));
}
