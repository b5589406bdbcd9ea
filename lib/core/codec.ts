/**
 * Turns values into the opaque text that is stored, and back. The default is JSON; a codec that keeps
 * more types, compresses or encrypts can be plugged in. All processes of a prefix need the same one.
 */
export interface Codec {
  /**
   * Encodes a value that is not `undefined` into a non-empty string.
   *
   * @throws any error for a value that cannot be encoded
   */
  encode(value: unknown): string;
  /** Decodes what {@link encode} gave. */
  decode(text: string): unknown;
}
