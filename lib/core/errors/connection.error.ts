import { RedflowError } from './redflow.error.js';

/** Redis did not answer, or refused. Carries no command arguments: payloads must not reach a log. */
export class ConnectionError extends RedflowError {}
