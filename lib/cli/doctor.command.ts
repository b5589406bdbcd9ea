import { parseArgs } from 'node:util';
import { examine, type DoctorReport, type ExamineOptions } from '../runtime/doctor.js';

export const DOCTOR_USAGE = `Usage: redflow doctor [options]

Checks the invariants of a prefix, live or quiet. Reads only, unless it is to repair.
Exit code 0: in order, or all repaired; 1: violations; 2: could not be checked.

Options:
  --url URL          of Redis (default: REDIS_URL, else redis://127.0.0.1:6379)
  --prefix PREFIX    (default: REDFLOW_PREFIX, else redflow)
  --json             prints the report as JSON
  --repair           puts right what is provably safe
  --keeps-runs       finished runs are kept for ever (retention false): they need no time of removal
  --lease-grace MS   an expired lease older than this is a violation (default 30000)
  --help
`;

interface Command {
  readonly options: ExamineOptions;
  readonly json: boolean;
  readonly help: boolean;
}

/** Gives the exit code: 0 in order, 1 violations that are not repaired, 2 could not be checked. */
export async function runDoctorCommand(args: readonly string[]): Promise<number> {
  try {
    const { options, json, help } = parse(args);
    if (help) {
      process.stdout.write(DOCTOR_USAGE);
      return 0;
    }
    const report = await examine(options);
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
    return report.unrepaired > 0 ? 1 : 0;
  } catch (error) {
    process.stderr.write(`redflow doctor: ${error instanceof Error ? error.message : 'failed'}\n`);
    return 2;
  }
}

function parse(args: readonly string[]): Command {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string' },
      prefix: { type: 'string' },
      json: { type: 'boolean', default: false },
      repair: { type: 'boolean', default: false },
      'keeps-runs': { type: 'boolean', default: false },
      'lease-grace': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const leaseGraceMs = values['lease-grace'] === undefined ? undefined : toMs('--lease-grace', values['lease-grace']);
  const retention = values['keeps-runs'] ? ({ succeeded: false, failed: false, canceled: false } as const) : undefined;
  const { url: connection, prefix, repair, json, help } = values;
  return { options: { connection, prefix, repair, leaseGraceMs, retention }, json, help };
}

function toMs(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`${option} must be a number of ms, got "${text}"`);
  return Number(text);
}

function describe(report: DoctorReport): string {
  const statuses = Object.entries(report.runsByStatus).map(([status, count]) => `${count} ${status}`);
  const found = Object.values(report.counts).reduce((sum, count) => sum + count, 0);
  const more = Object.entries(report.counts).filter(
    ([code, count]) => report.violations.filter((violation) => violation.code === code).length < count,
  );
  const lines = [
    `prefix ${report.prefix}: ${report.keys} keys, ${report.runs} runs${statuses.length > 0 ? ` (${statuses.join(', ')})` : ''}`,
    ...report.violations.map(
      ({ code, subject, detail, repaired }) => `${repaired ? 'repaired' : 'VIOLATION'} ${code} ${subject}: ${detail}`,
    ),
    ...more.map(([code, count]) => `${code}: ${count} in all`),
    found === 0 ? 'in order' : `${found} violations, ${found - report.unrepaired} of them repaired`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

// Names are data: what would steer a terminal is shown as an escape.
function printable(line: string): string {
  return line.replace(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
