/** What redflow logs to. Nest's `Logger` and `console` fit. Payloads are never logged. */
export interface Logger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string, stack?: string): void;
  debug?(message: string): void;
}

export const SILENT_LOGGER: Logger = { log() {}, warn() {}, error() {}, debug() {} };
