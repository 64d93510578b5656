import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { CurvePoint } from "../../../shared/snapshot.ts";

export interface Outage {
  readonly at: number;
  /** `null`: still going on. */
  readonly endedAt: number | null;
}

export function Plot({ points, outages, label, currency }: { points: readonly CurvePoint[]; outages: readonly Outage[]; label: string; currency: string }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const bands = useRef(outages);
  // Pixels need no exact decimals: binary floats are for drawing only.
  const data = useMemo<uPlot.AlignedData>(() => [points.map((point) => point.at / 1000), points.map((point) => Number(point.netLiquidation))], [points]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const made = new uPlot(
      plotOptions(element, currency, () => bands.current),
      undefined,
      element,
    );
    plot.current = made;
    const resize = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    resize.observe(element);
    const recolour = () => made.redraw();
    const themes = new MutationObserver(recolour);
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", recolour);
    return () => {
      resize.disconnect();
      themes.disconnect();
      dark.removeEventListener("change", recolour);
      made.destroy();
      plot.current = null;
    };
  }, [currency]);
  useEffect(() => {
    bands.current = outages;
    plot.current?.setData(data);
  }, [data, outages]);
  return <div className="curve-plot" ref={box} role="img" aria-label={label} />;
}

function plotOptions(element: HTMLElement, currency: string, outages: () => readonly Outage[]): uPlot.Options {
  const colour = (name: string) => getComputedStyle(element).getPropertyValue(name);
  const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
  const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 2 });
  const axis: uPlot.Axis = {
    stroke: () => colour("--ink-2"),
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
    gap: 4,
  };
  return {
    width: Math.max(1, element.clientWidth),
    height: Math.max(1, element.clientHeight),
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_, low, high) => aroundValues(low, high) } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        space: 64,
        incrs: TIME_STEPS,
        values: (_, splits, __, ___, step) => splits.map((split) => (step >= 86_400 ? day : hour).format(split * 1000)),
      },
      { ...axis, size: 56, space: 26, values: (_, values) => values.map((value) => compact.format(value)) },
    ],
    series: [{}, { label: currency, stroke: () => colour("--accent"), width: 1.5, fill: () => colour("--accent-wash"), points: { show: false } }],
    hooks: { drawClear: [(drawn) => drawOutages(drawn, outages(), colour("--down"))] },
  };
}

/** Seconds between two labels: never finer than the minutes they show. */
const TIME_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000];

/** Room above and below the curve: a tenth of its height, and at least a thousandth of its worth, so that cents do not look like cliffs. */
export function aroundValues(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const room = Math.max((high - low) / 10, Math.abs(high) / 1000, 1);
  return [low - room, high + room];
}

/** A mark along the foot of the plot for as long as each outage lasted, at least two pixels wide. */
function drawOutages(plot: uPlot, outages: readonly Outage[], colour: string): void {
  const { ctx, bbox } = plot;
  const within = (x: number) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, x));
  ctx.save();
  ctx.fillStyle = colour;
  for (const outage of outages) {
    const [from, to] = [outage.at, outage.endedAt ?? Date.now()].map((at) => within(plot.valToPos(at / 1000, "x", true)));
    if (from === undefined || to === undefined || to <= bbox.left) continue;
    ctx.fillRect(from, bbox.top + bbox.height - 4 * devicePixelRatio, Math.max(2 * devicePixelRatio, to - from), 4 * devicePixelRatio);
  }
  ctx.restore();
}
