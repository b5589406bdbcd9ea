#!/usr/bin/env node
import { DOCTOR_USAGE, runDoctorCommand } from './doctor.command.js';

const [command, ...args] = process.argv.slice(2);
if (command === 'doctor') {
  process.exitCode = await runDoctorCommand(args);
} else if (command === undefined || command === '--help' || command === 'help') {
  process.stdout.write(DOCTOR_USAGE);
} else {
  process.stderr.write(`redflow: there is no command "${command}"\n\n${DOCTOR_USAGE}`);
  process.exitCode = 2;
}
