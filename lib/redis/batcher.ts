import { ConnectionError } from '../core/errors/connection.error.js';

interface Pending<Item, Reply> {
  readonly item: Item;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

interface BatcherOptions<Item, Reply> {
  /** Sends items in one call; the replies are in their order. */
  readonly send: (items: readonly Item[]) => Promise<readonly Reply[]>;
  /** Most items of one call: bounds the time that Redis spends on it. */
  readonly maxItems: number;
  /** Size of an item in characters; a call is sent once it has `MAX_CHARS`. */
  readonly sizeOf?: (item: Item) => number;
  /**
   * So many items are sent in two calls where none is under way: those who ask again once they have their answer would
   * all do it together, and Redis and they would wait for each other in turns. Default: never.
   */
  readonly halvedFrom?: number;
}

const MAX_CHARS = 1_048_576;

/** Group commit: what is asked for in one turn of the event loop travels in one call. */
export class Batcher<Item, Reply> {
  #pending: Pending<Item, Reply>[] = [];
  #chars = 0;
  #scheduled = false;
  #underWay = 0;

  constructor(private readonly options: BatcherOptions<Item, Reply>) {}

  add(item: Item): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ item, resolve, reject });
      this.#chars += this.options.sizeOf?.(item) ?? 0;
      if (this.#pending.length >= this.options.maxItems || this.#chars >= MAX_CHARS) this.#flush();
      else this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const batch = this.#pending;
    this.#pending = [];
    this.#chars = 0;
    if (batch.length === 0) return;
    const { halvedFrom = Infinity } = this.options;
    const size = this.#underWay === 0 && batch.length >= halvedFrom ? Math.ceil(batch.length / 2) : batch.length;
    for (let at = 0; at < batch.length; at += size) void this.#call(batch.slice(at, at + size));
  }

  async #call(batch: readonly Pending<Item, Reply>[]): Promise<void> {
    this.#underWay++;
    await this.#send(batch);
    this.#underWay--;
  }

  async #send(batch: readonly Pending<Item, Reply>[]): Promise<void> {
    try {
      const replies = await this.options.send(batch.map(({ item }) => item));
      if (replies.length !== batch.length) throw new ConnectionError('Redis answered for others than were asked for');
      batch.forEach(({ resolve }, index) => resolve(replies[index] as Reply));
    } catch (error) {
      // One item may have spoilt it for all (a key of a wrong type, text that cannot be encoded): each is tried
      // alone, which is safe to repeat. Not where Redis has given no answer.
      const unanswered = error instanceof ConnectionError && !error.refused;
      if (batch.length > 1 && !unanswered) {
        await Promise.all(batch.map((pending) => this.#send([pending])));
      } else {
        batch.forEach(({ reject }) => reject(error));
      }
    }
  }
}
