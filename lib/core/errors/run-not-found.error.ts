import { RedflowError } from './redflow.error.js';

/** There is no such run: never was, or removed by retention. */
export class RunNotFoundError extends RedflowError {
  constructor(readonly runId: string) {
    super(`run ${runId} does not exist: the id is wrong, or retention has removed the run`);
  }
}
