const FIRST_CAPACITY = 1_024;

/**
 * A set of ids that keeps 53 bits of each, in 16 to 32 bytes: a million runs fit in 32 MB. That two of a million
 * are taken for one has a chance of one in ten thousand; then one of them is not looked at.
 */
export class IdSet {
  #slots = new Float64Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether it was not there before. */
  add(id: string): boolean {
    const mark = markOf(id);
    const slot = findSlot(this.#slots, mark);
    if (this.#slots[slot] === mark) return false;
    this.#slots[slot] = mark;
    this.#size++;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return true;
  }

  has(id: string): boolean {
    const mark = markOf(id);
    return this.#slots[findSlot(this.#slots, mark)] === mark;
  }

  #grow(): void {
    const larger = new Float64Array(this.#slots.length * 2);
    for (const mark of this.#slots) if (mark !== 0) larger[findSlot(larger, mark)] = mark;
    this.#slots = larger;
  }
}

// Where the mark is, or would be: slots are a power of two, and never all taken.
function findSlot(slots: Float64Array, mark: number): number {
  const last = slots.length - 1;
  let slot = mark % slots.length;
  while (slots[slot] !== 0 && slots[slot] !== mark) slot = (slot + 1) & last;
  return slot;
}

// FNV-1a, twice with different starts, mixed at the end; never 0, which marks a free slot.
function markOf(id: string): number {
  let high = 0x811c9dc5;
  let low = 0x3c6ef372;
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ (code + i), 0x85ebca6b);
  }
  low = Math.imul(low ^ (low >>> 15), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 13) ^ low, 0x27d4eb2f);
  return ((high >>> 0) & 0x1fffff) * 2 ** 32 + ((low ^ (low >>> 16)) >>> 0) || 1;
}
