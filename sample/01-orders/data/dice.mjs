/** Chance with a seed: the same throws in the same order, on every machine. */
export class Dice {
  #state;

  constructor(seed) {
    this.#state = BigInt(seed);
  }

  /** A number in [0, 1): the upper bits of a 64-bit linear congruential generator. */
  throw() {
    this.#state = BigInt.asUintN(64, this.#state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
    return Number(this.#state >> 32n) / 2 ** 32;
  }

  chance(probability) {
    return this.throw() < probability;
  }

  /** An integer, both ends included. */
  between(low, high) {
    return low + Math.floor(this.throw() * (high - low + 1));
  }

  pick(list) {
    return list[this.between(0, list.length - 1)];
  }

  shuffle(list) {
    return list
      .map((value) => ({ value, rank: this.throw() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ value }) => value);
  }
}
