import type { DoctorReport, Violation, ViolationCode } from './violation.js';

const MAX_LISTED_PER_CODE = 100;

/** Collects violations: lists the first of each kind, and counts all. */
export class Findings {
  readonly #violations: Violation[] = [];
  readonly #listed = new Set<string>();
  readonly #counts = new Map<ViolationCode, number>();
  #unrepaired = 0;

  /** A walk may meet what it looks at twice: what is listed already is not counted again. */
  report(code: ViolationCode, subject: string, detail: string, repaired = false): void {
    const mark = JSON.stringify([code, subject, detail]);
    if (this.#listed.has(mark)) return;
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (!repaired) this.#unrepaired++;
    if (count > MAX_LISTED_PER_CODE) return;
    this.#listed.add(mark);
    this.#violations.push({ code, subject, detail, repaired });
  }

  summary(): Pick<DoctorReport, 'violations' | 'counts' | 'unrepaired' | 'truncated'> {
    return {
      violations: this.#violations,
      counts: Object.fromEntries(this.#counts),
      unrepaired: this.#unrepaired,
      truncated: [...this.#counts.values()].some((count) => count > MAX_LISTED_PER_CODE),
    };
  }
}
