import type { Codec } from './codec.js';
import { SerializationError } from './errors/serialization.error.js';

export interface PayloadLimits {
  /** Largest encoded input, output or step result in bytes. Default 1 MiB. */
  readonly payloadBytes?: number;
  /** Deepest nesting of arrays and objects. Default 200. */
  readonly payloadDepth?: number;
}

const DEFAULT_PAYLOAD_BYTES = 1_048_576;
const DEFAULT_PAYLOAD_DEPTH = 200;

export const JSON_CODEC: Codec = {
  encode(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError(`a ${typeof value} is not JSON`);
    return text;
  },
  decode: (text) => JSON.parse(text) as unknown,
};

/** Encodes and decodes what users store, within limits. `undefined` is stored as absence. */
export class Payloads {
  readonly #codec: Codec;
  readonly #maxBytes: number;
  readonly #maxDepth: number;

  constructor(codec: Codec = JSON_CODEC, limits: PayloadLimits = {}) {
    this.#codec = codec;
    this.#maxBytes = limits.payloadBytes ?? DEFAULT_PAYLOAD_BYTES;
    this.#maxDepth = limits.payloadDepth ?? DEFAULT_PAYLOAD_DEPTH;
  }

  /**
   * @param subject what the value is, as an error message starts: `input of workflow "order"`
   * @throws SerializationError for a value that cannot be encoded, is too large or too deep
   */
  encode(subject: string, value: unknown): string | undefined {
    if (value === undefined) return undefined;
    this.#checkDepth(subject, value);
    const text = this.#tryEncode(subject, value);
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#maxBytes) {
      throw new SerializationError(
        `${subject} has ${bytes} bytes, allowed are ${this.#maxBytes} (limits.payloadBytes)`,
      );
    }
    return text;
  }

  /** @throws SerializationError for stored text that the codec cannot read */
  decode(subject: string, text: string | undefined): unknown {
    if (text === undefined) return undefined;
    try {
      return this.#codec.decode(text);
    } catch (error) {
      throw new SerializationError(`${subject} cannot be decoded: another codec wrote it, or it is corrupt`, {
        cause: error,
      });
    }
  }

  #tryEncode(subject: string, value: unknown): string {
    try {
      const text = this.#codec.encode(value);
      if (typeof text === 'string' && text !== '') return text.toWellFormed();
    } catch (error) {
      throw new SerializationError(`${subject} cannot be serialized: ${messageOf(error)}`, { cause: error });
    }
    throw new SerializationError(`${subject} cannot be serialized: the codec gave no text`);
  }

  // Breadth first, so that a cycle ends at the limit instead of the stack.
  #checkDepth(subject: string, value: unknown): void {
    let level = [value].filter(isContainer);
    for (let depth = 1; level.length > 0; depth++) {
      if (depth > this.#maxDepth) {
        throw new SerializationError(
          `${subject} is nested deeper than ${this.#maxDepth} levels (limits.payloadDepth), or has a cycle`,
        );
      }
      level = nextLevel(subject, level);
    }
  }
}

function nextLevel(subject: string, level: object[]): object[] {
  const seen = new Set<object>();
  try {
    for (const container of level) {
      for (const key in container) {
        const child = (container as Record<string, unknown>)[key];
        if (isContainer(child)) seen.add(child);
      }
    }
  } catch (error) {
    throw new SerializationError(`${subject} cannot be serialized: ${messageOf(error)}`, { cause: error });
  }
  return [...seen];
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the codec failed';
}
