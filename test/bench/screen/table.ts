export const WAYS = ["gatelight", "websockify over ssh -L", "websockify"] as const;
export type Way = (typeof WAYS)[number];

/** One measurement of one way; times in ms, processor time in percent of a core. */
export interface Taken {
  readonly fps: number;
  readonly behind: number;
  readonly age50: number;
  readonly age99: number;
  readonly inputs: readonly number[];
  readonly first: number;
  readonly between: number;
  readonly page: number;
  readonly sshd: number;
  readonly server: number;
}
export interface Row extends Omit<Taken, "inputs"> {
  readonly input50: number;
  readonly input99: number;
}

export const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
/** Of an even number, the mean of the middle two. */
export const median = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
};

function rowOf(taken: readonly Taken[]): Row {
  const middle = (name: Exclude<keyof Taken, "inputs">) => median(taken.map((one) => one[name]));
  const inputs = taken.flatMap((one) => one.inputs);
  return {
    fps: middle("fps"),
    behind: middle("behind"),
    age50: middle("age50"),
    age99: middle("age99"),
    input50: median(inputs),
    input99: percentile(inputs, 0.99),
    first: middle("first"),
    between: middle("between"),
    page: middle("page"),
    sshd: middle("sshd"),
    server: middle("server"),
  };
}

export const byWay = (taken: Readonly<Record<Way, readonly Taken[]>>): Record<Way, Row> => ({
  gatelight: rowOf(taken.gatelight),
  "websockify over ssh -L": rowOf(taken["websockify over ssh -L"]),
  websockify: rowOf(taken.websockify),
});

const COLUMNS: readonly (readonly [title: string, of: (row: Row) => string])[] = [
  ["fps", (row) => row.fps.toFixed(1)],
  ["px behind", (row) => (row.behind >= 10_000 ? `${Math.round(row.behind / 1000)}k` : row.behind.toFixed(0))],
  ["age p50", (row) => row.age50.toFixed(0)],
  ["p99", (row) => row.age99.toFixed(0)],
  ["input p50", (row) => row.input50.toFixed(0)],
  ["p99", (row) => row.input99.toFixed(0)],
  ["first", (row) => row.first.toFixed(0)],
  ["CPU %", (row) => row.between.toFixed(1)],
  ["page %", (row) => row.page.toFixed(0)],
  ["sshd %", (row) => row.sshd.toFixed(1)],
  ["VNC %", (row) => row.server.toFixed(0)],
];

/** `CPU %` is what stands between page and sshd: Gatelight, or websockify with its ssh. */
export function table(title: string, rows: Readonly<Record<Way, Row>>): string {
  const line = (name: string, cells: readonly string[]) => `${name.padEnd(24)}${cells.map((cell) => cell.padStart(10)).join("")}`;
  return [
    title,
    line(
      "",
      COLUMNS.map(([name]) => name),
    ),
    ...WAYS.map((way) =>
      line(
        way,
        COLUMNS.map(([, of]) => of(rows[way])),
      ),
    ),
  ].join("\n");
}

/** What is seen is seen at whole frames: the mean of many tells two paths apart where their medians cannot. The slowest twentieth is left out. */
function usual(values: readonly number[]): number {
  const kept = values.toSorted((a, b) => a - b).slice(0, Math.ceil(values.length * 0.95));
  return kept.reduce((sum, one) => sum + one, 0) / Math.max(1, kept.length);
}

/**
 * Frames are compared round by round, which the machine's other work disturbs least; clicks over all rounds, since each is seen at a whole frame of 17 ms and
 * only many tell a millisecond. Both to a hundredth: two ways may show all 30 pictures there are.
 */
export function goals(kind: "x11vnc" | "tigervnc", taken: Readonly<Record<Way, readonly Taken[]>>): string {
  const hundredth = (ratio: number) => Math.round(100 * ratio) / 100;
  const least = kind === "x11vnc" ? 1.2 : 1;
  const frames = hundredth(median(taken.gatelight.map((ours, round) => ours.fps / (taken["websockify over ssh -L"][round]?.fps ?? Number.NaN))));
  const clicks = (way: Way) => usual(taken[way].flatMap((one) => one.inputs));
  const input = hundredth(clicks("gatelight") / clicks("websockify"));
  const verdict = (reached: boolean) => (reached ? "reached" : "missed");
  return [
    `frames: ${frames.toFixed(2)} × websockify over ssh -L (goal ≥ ${least.toFixed(1)}: ${verdict(frames >= least)})`,
    `input to pixel: ${input.toFixed(2)} × direct (goal ≤ 1.1: ${verdict(input <= 1.1)})`,
  ].join("\n");
}
