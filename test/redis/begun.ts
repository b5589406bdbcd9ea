type Fields = Readonly<Record<string, string>>;

/** The fields of a run with what its claim has left in `begun`, instead of writing it into the hash. */
export function withBegun(run: Fields, line: string | undefined): Fields {
  if (line === undefined || !isBegun(run)) return run;
  const [token = '', startedAt = ''] = line.split(/ +/);
  return { ...run, status: 'running', token, startedAt };
}

/** Whether a line that is left for the run is true of it: its hash says still that it is queued. */
export function isBegun(run: Fields): boolean {
  return run['status'] === 'queued';
}
