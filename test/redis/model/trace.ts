/** What was done, in short names: a failure is to be read. */
export class Trace {
  readonly #lines: string[] = [];
  readonly #names = new Map<string, string>();

  constructor(private readonly seed: number) {}

  get last(): string {
    return this.#lines.at(-1) ?? '';
  }

  note(operation: string, what: string): void {
    this.#lines.push(`${operation} ${what}`);
  }

  name(id: string): string {
    const name = this.#names.get(id) ?? `r${this.#names.size + 1}`;
    this.#names.set(id, name);
    return name;
  }

  names(ids: readonly string[]): string {
    return ids.map((id) => this.name(id)).join();
  }

  /** What went wrong, and how it came to it. */
  report(broken: readonly string[]): string {
    const text = [`seed ${this.seed}`, ...broken, '', ...this.#lines].join('\n');
    return [...this.#names].reduce((translated, [id, name]) => translated.replaceAll(id, name), text);
  }
}
