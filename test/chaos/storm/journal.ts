import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What happened, told outside Redis by whoever did it. */
export type JournalEntry =
  | { readonly event: 'asked'; readonly key: string }
  | { readonly event: 'accepted'; readonly key: string; readonly run: string }
  | { readonly event: 'cancel'; readonly run: string; readonly changed: boolean }
  | StepStarted
  | { readonly event: 'step_stored'; readonly run: string; readonly step: string; readonly value: unknown }
  | { readonly event: 'body_entered' | 'body_left'; readonly run: string }
  | { readonly event: 'refused'; readonly what: string }
  | { readonly event: 'fault' | 'healed'; readonly name: string }
  | { readonly event: 'signal'; readonly signal: NodeJS.Signals; readonly to: number };

export interface StepStarted {
  readonly event: 'step_started';
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  /** When the workflow called the step: the engine decides then whether it may start. */
  readonly calledAt: number;
  /** Names the execution. */
  readonly fence: string;
}

export type TimedEntry = JournalEntry & { readonly at: number; readonly pid: number };

/** The monotonic clock is one for all processes of a host. */
export function microseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** An append-only file of one process. On a failure of the process, what was written before it counts. */
export class Journal {
  readonly #file: number;

  constructor(folder: string) {
    this.#file = openSync(join(folder, `${process.pid}-${Date.now()}.jsonl`), 'a');
  }

  write(entry: JournalEntry): void {
    writeSync(this.#file, `${JSON.stringify({ ...entry, at: microseconds(), pid: process.pid })}\n`);
  }

  close(): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}

/** All entries of all processes, in order of time. A line that a kill has cut short is left out. */
export function readJournals(folder: string): TimedEntry[] {
  const entries: TimedEntry[] = [];
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.jsonl')) continue;
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (line.endsWith('}')) entries.push(JSON.parse(line) as TimedEntry);
    }
  }
  return entries.sort((a, b) => a.at - b.at);
}
