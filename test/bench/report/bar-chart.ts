/** A ratio; its bar begins at 1. */
export interface Bar {
  readonly label: string;
  readonly ratio: number;
  readonly isBetter: boolean;
  /** From what the ratio comes. */
  readonly detail: string;
}

export interface BarChart {
  readonly title: string;
  readonly subtitle: string;
  readonly footer: readonly string[];
  readonly bars: readonly Bar[];
}

const WIDTH = 860;
const LABELS = 190;
const PLOT = 350;
const DETAILS = LABELS + PLOT + 16;
const TOP = 84;
const ROW = 26;
const BAR = 16;
const MARGIN = 20;
const LINE = 16;

// A background of its own: a page may be dark where the system is light.
const STYLE = `
  .page { fill: #ffffff; stroke: #d0d7de; } text { fill: #1f2328; font: 13px system-ui, sans-serif; }
  .title { font-size: 17px; font-weight: 600; } .quiet { fill: #59636e; font-size: 12px; } .ratio { font-weight: 600; }
  .label { text-anchor: end; } .tick { text-anchor: middle; }
  .grid { stroke: #d8dee4; } .one { stroke: #59636e; stroke-width: 1.5; } .better { fill: #2166c4; } .worse { fill: #c4511d; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #3d444d; } text { fill: #f0f6fc; } .quiet { fill: #9198a1; }
    .grid { stroke: #2a313c; } .one { stroke: #9198a1; } .better { fill: #58a6ff; } .worse { fill: #ff9a57; }
  }`;

/** Bars on a logarithmic axis, so that twice and half are equally long. */
export function barChart({ title, subtitle, footer, bars }: BarChart): string {
  const octaves = bars.map(({ ratio }) => Math.log2(ratio));
  const low = Math.floor(Math.min(-1, ...octaves));
  const high = Math.ceil(Math.max(1, ...octaves));
  const xOf = (ratio: number) => LABELS + ((Math.log2(ratio) - low) / (high - low)) * PLOT;
  const bottom = TOP + bars.length * ROW;
  const height = bottom + MARGIN + footer.length * LINE;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escape(`${title}: ${bars.map(({ label, ratio }) => `${label} ${format(ratio)}`).join(', ')}`)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>`,
    text(MARGIN, 30, title, 'title'),
    text(MARGIN, 50, subtitle, 'quiet'),
    ...ticks(low, high).map((tick) => gridLine(xOf(tick), bottom, tick)),
    ...bars.map((bar, index) => row(bar, TOP + index * ROW, xOf)),
    ...footer.map((line, index) => text(MARGIN, bottom + MARGIN + index * LINE, line, 'quiet')),
    '</svg>\n',
  ].join('\n');
}

function row({ label, ratio, isBetter, detail }: Bar, top: number, xOf: (ratio: number) => number): string {
  const [from, to] = [xOf(Math.min(1, ratio)), xOf(Math.max(1, ratio))];
  const baseline = top + ROW / 2 + 4;
  return [
    text(LABELS - 10, baseline, label, 'label'),
    `<rect class="${isBetter ? 'better' : 'worse'}" x="${round(from)}" y="${top + (ROW - BAR) / 2}" width="${round(to - from)}" height="${BAR}"/>`,
    text(DETAILS, baseline, format(ratio), 'ratio'),
    text(DETAILS + 50, baseline, detail, 'quiet'),
  ].join('');
}

function gridLine(x: number, bottom: number, tick: number): string {
  const label = tick < 1 ? `1/${1 / tick}` : String(tick);
  const line = `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${round(x)}" y1="${TOP - 4}" x2="${round(x)}" y2="${bottom}"/>`;
  return text(x, TOP - 10, label, 'quiet tick') + line;
}

/** Powers of two; where they would crowd, of four and so on. */
function ticks(low: number, high: number): number[] {
  const step = Math.ceil((high - low) / 8);
  const octaves = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  return octaves.filter((octave) => octave % step === 0).map((octave) => 2 ** octave);
}

function text(x: number, y: number, content: string, style: string): string {
  return `<text x="${round(x)}" y="${y}" class="${style}">${escape(content)}</text>`;
}

function format(ratio: number): string {
  return ratio.toFixed(2);
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
