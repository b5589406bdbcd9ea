import { randomUUID } from 'node:crypto';

export const EFFECTS = ['reservation', 'charge', 'label', 'email'] as const;
export type Effect = (typeof EFFECTS)[number];

/** Which effect a reversal takes back. */
export const REVERSALS = { release: 'reservation', refund: 'charge', void: 'label' } as const;
export type Reversal = keyof typeof REVERSALS;

export interface Entry {
  readonly id: string;
  readonly kind: Effect | Reversal;
  readonly orderId: string;
  readonly idempotencyKey: string;
  /** Of a charge and its refund. */
  readonly amount?: number;
  readonly currency?: string;
  /** Of a reversal: the entry that it takes back. */
  readonly reverses?: string;
}

export type EffectRequest = Pick<Entry, 'orderId' | 'idempotencyKey' | 'amount' | 'currency'> & {
  readonly kind: Effect;
};
export type ReversalRequest = Pick<Entry, 'orderId' | 'idempotencyKey'> & { readonly kind: Reversal };

/** Everything that has really happened, one entry each: the truth against which the orders are checked. */
export class Ledger {
  readonly #entries: Entry[] = [];
  readonly #byKey = new Map<string, Entry>();
  readonly #closed = new Set<string>();
  #repeats = 0;

  /** Calls that asked for what had been done before, and were answered with it. */
  get repeats(): number {
    return this.#repeats;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Once per idempotency key. `undefined`: the effect was reversed, so it is refused from then on. */
  perform(request: EffectRequest): Entry | undefined {
    const known = this.#byKey.get(`${request.kind} ${request.idempotencyKey}`);
    if (known) this.#repeats += 1;
    if (known || this.#closed.has(`${request.kind} ${request.orderId}`)) return known;
    return this.#add({ id: `${request.kind}_${randomUUID()}`, ...request });
  }

  /** Takes back what the order has of the effect and not yet back; gives the ids of it. */
  reverse({ kind, orderId, idempotencyKey }: ReversalRequest): string[] {
    const effect = REVERSALS[kind];
    this.#closed.add(`${effect} ${orderId}`);
    const reversed = new Set(this.#entries.map((entry) => entry.reverses));
    const open = this.#entries.filter(
      (entry) => entry.orderId === orderId && entry.kind === effect && !reversed.has(entry.id),
    );
    for (const { id, amount, currency } of open) {
      this.#add({ id: `${kind}_${randomUUID()}`, kind, orderId, idempotencyKey, amount, currency, reverses: id });
    }
    return open.map((entry) => entry.id);
  }

  #add(entry: Entry): Entry {
    this.#entries.push(entry);
    this.#byKey.set(`${entry.kind} ${entry.idempotencyKey}`, entry);
    return entry;
  }
}
