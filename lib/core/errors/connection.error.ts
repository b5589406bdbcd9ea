import { RedflowError } from './redflow.error.js';

/** Redis did not answer, or refused. Carries no command arguments: payloads must not reach a log. */
export class ConnectionError extends RedflowError {
  constructor(
    message: string,
    /** Redis has answered, with an error: nothing is gained by asking again at once. */
    readonly refused = false,
  ) {
    super(message);
  }
}
