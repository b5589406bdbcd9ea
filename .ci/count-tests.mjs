// Sums the reports that `jest --json` has left in a folder. A suite that could not run counts as a failed test.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const reports = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
const sum = (count) => reports.map(count).reduce((total, part) => total + part, 0);

const passed = sum((report) => report.numPassedTests);
const failed = sum((report) => report.numFailedTests + report.numRuntimeErrorTestSuites);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
