#!/usr/bin/env node
import { runDoctorCommand } from './doctor.command.js';

const USAGE = `Usage: redflow doctor [options]

Checks the invariants of a prefix. Exit code 0: in order; 1: violations; 2: could not be checked.

Options:
  --url URL          of Redis (default: REDIS_URL, else redis://127.0.0.1:6379)
  --prefix PREFIX    (default: REDFLOW_PREFIX, else redflow)
  --json             prints the report as JSON
  --repair           puts right what is provably safe
  --keeps-runs       finished runs are kept for ever (retention false): they need no time of removal
  --lease-grace MS   an expired lease older than this is a violation (default 30000)
`;

const [command, ...args] = process.argv.slice(2);
if (command === 'doctor') {
  process.exitCode = await runDoctorCommand(args);
} else {
  process.stdout.write(USAGE);
  process.exitCode = command === undefined || command === '--help' || command === 'help' ? 0 : 2;
}
