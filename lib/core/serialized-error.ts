export type ErrorKind =
  | 'validation'
  | 'unknown_workflow'
  | 'serialization'
  | 'canceled'
  | 'timeout'
  | 'non_retriable'
  | 'recovery_limit'
  | 'error';

/** An error as it is stored with a run or a step. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly kind: ErrorKind;
  readonly stack?: string;
  readonly code?: string | number;
  readonly cause?: SerializedError;
}
