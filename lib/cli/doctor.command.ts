import { parseArgs } from 'node:util';
import type { DoctorReport } from '../redis/doctor/violation.js';
import { examine, type ExamineOptions } from '../runtime/doctor.js';

/** Gives the exit code: 0 in order, 1 violations that are not repaired, 2 could not be checked. */
export async function runDoctorCommand(args: readonly string[]): Promise<number> {
  try {
    const { options, json } = parse(args);
    const report = await examine(options);
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
    return report.violations.some(({ repaired }) => !repaired) ? 1 : 0;
  } catch (error) {
    process.stderr.write(`redflow doctor: ${error instanceof Error ? error.message : 'failed'}\n`);
    return 2;
  }
}

function parse(args: readonly string[]): { options: ExamineOptions; json: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string' },
      prefix: { type: 'string' },
      json: { type: 'boolean', default: false },
      repair: { type: 'boolean', default: false },
      'keeps-runs': { type: 'boolean', default: false },
      'lease-grace': { type: 'string' },
    },
  });
  const leaseGraceMs = values['lease-grace'] === undefined ? undefined : Number(values['lease-grace']);
  const retention = values['keeps-runs'] ? ({ succeeded: false, failed: false, canceled: false } as const) : undefined;
  const { url: connection, prefix, repair, json } = values;
  return { options: { connection, prefix, repair, leaseGraceMs, retention }, json };
}

function describe(report: DoctorReport): string {
  const statuses = Object.entries(report.runsByStatus).map(([status, count]) => `${count} ${status}`);
  const lines = [
    `prefix ${report.prefix}: ${report.keys} keys, ${report.runs} runs${statuses.length > 0 ? ` (${statuses.join(', ')})` : ''}`,
    ...report.violations.map(
      ({ code, subject, detail, repaired }) => `${repaired ? 'repaired' : 'VIOLATION'} ${code} ${subject}: ${detail}`,
    ),
    ...(report.truncated ? ['more violations were found than are listed'] : []),
    report.violations.length === 0 ? 'in order' : `${report.violations.length} violations`,
  ];
  return `${lines.join('\n')}\n`;
}
