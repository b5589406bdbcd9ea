import { createHash } from 'node:crypto';

/** How a call fares, whatever it asks for. */
export type Weather =
  | 'fair'
  /** 503 at once, with a request to come back later. */
  | 'busy'
  /** 500, and nothing was done. */
  | 'broken'
  /** Done, but the answer is a 500. */
  | 'lost-answer'
  /** Done, but there never is an answer. */
  | 'silence';

export interface Forecast {
  readonly weather: Weather;
  /** Ms before and after the deed. */
  readonly delays: readonly [number, number];
}

const FREQUENCIES: readonly (readonly [Weather, number])[] = [
  ['busy', 0.01],
  ['broken', 0.05],
  ['lost-answer', 0.03],
  ['silence', 0.01],
];

/** After so many bad answers in a row the provider pulls itself together. */
const BAD_DAYS = 2;

/** Unreliable, but repeatable: the n-th call for one thing of an order always meets the same weather. */
export class WeatherStation {
  readonly #calls = new Map<string, number>();

  constructor(
    private readonly seed: string,
    private readonly latencyMs: { readonly min: number; readonly max: number },
  ) {}

  forecast(kind: string, orderId: string): Forecast {
    const subject = `${kind} ${orderId}`;
    const call = this.#calls.get(subject) ?? 0;
    this.#calls.set(subject, call + 1);
    const [luck, before, after] = this.#throwDice(`${subject} ${call}`);
    return {
      weather: call % (BAD_DAYS + 1) === BAD_DAYS ? 'fair' : pick(luck),
      delays: [this.#delay(before), this.#delay(after)],
    };
  }

  #throwDice(subject: string): [number, number, number] {
    const hash = createHash('sha256').update(`${this.seed} ${subject}`).digest();
    const fraction = (offset: number): number => hash.readUInt32BE(offset) / 2 ** 32;
    return [fraction(0), fraction(4), fraction(8)];
  }

  #delay(fraction: number): number {
    const { min, max } = this.latencyMs;
    return (min + fraction * (max - min)) / 2;
  }
}

function pick(luck: number): Weather {
  let threshold = 0;
  for (const [weather, frequency] of FREQUENCIES) {
    threshold += frequency;
    if (luck < threshold) return weather;
  }
  return 'fair';
}
