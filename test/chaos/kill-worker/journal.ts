import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

/** `begun` and `done`: the body of the step, at its start and end. `stored`: the call of the step has returned. */
export interface JournalEvent {
  readonly event: 'begun' | 'done' | 'stored';
  readonly run: string;
  readonly step: string;
  readonly worker: number;
  readonly attempt: number;
  readonly at: number;
  readonly output?: unknown;
}

/** What workers have done, outside of Redis, so that it can be held against what Redis says. Each line is on disk when `append` returns. */
export class Journal {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  append(event: JournalEvent): void {
    writeSync(this.#file, `${JSON.stringify(event)}\n`);
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

export function readJournal(path: string): JournalEvent[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as JournalEvent);
}
