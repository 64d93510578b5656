import { useEffect, useMemo, useRef, useState } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatMoney } from "../../../shared/money.ts";
import type { AccountSnapshot, CurvePoint } from "../../../shared/snapshot.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { useMasking } from "../../ui/masking.tsx";
import { formatAt } from "../../ui/time.ts";

const DAY_MS = 86_400_000;
const RANGES = { "1D": DAY_MS, "1W": 7 * DAY_MS, "1M": 30 * DAY_MS, All: Number.POSITIVE_INFINITY } as const;
type Range = keyof typeof RANGES;
const NAMES: readonly Range[] = ["1D", "1W", "1M", "All"];
const POINTS = 400;
/** New samples come once a minute at most. */
const REFRESH_MS = 60_000;

interface Props {
  server: string;
  gateway: string;
  account: AccountSnapshot;
}

export function Curve({ server, gateway, account }: Props) {
  const [range, setRange] = useState<Range>("1D");
  const points = useCurve(server, gateway, account.id, range);
  const { masked } = useMasking();
  const currency = account.baseCurrency ?? "USD";
  return (
    <div className="curve-box">
      <RadioGroup
        className="segments segments-small"
        value={range}
        onChange={(value) => setRange(NAMES.find((name) => name === value) ?? "1D")}
        orientation="horizontal"
      >
        <Label className="visually-hidden">{strings.curve.rangeLabel}</Label>
        {NAMES.map((name) => (
          <Radio key={name} value={name} className="segment">
            {strings.curve.ranges[name]}
          </Radio>
        ))}
      </RadioGroup>
      {masked ? <p className="quiet curve-empty">{strings.curve.hidden}</p> : <CurveBody points={points} currency={currency} />}
    </div>
  );
}

function CurveBody({ points, currency }: { points: readonly CurvePoint[] | null; currency: string }) {
  const [first, last] = [points?.[0], points?.at(-1)];
  if (points === null) return <div className="curve-plot" aria-hidden="true" />;
  if (first === undefined || last === undefined || points.length < 2) return <p className="quiet curve-empty">{strings.curve.none}</p>;
  const money = (point: CurvePoint) => formatMoney({ value: point.netLiquidation, currency });
  const summary = strings.curve.summary(formatAt(first.at, Date.now()), formatAt(last.at, Date.now()), money(first), money(last));
  return <Plot points={points} label={`${strings.curve.label}. ${summary}`} currency={currency} />;
}

function useCurve(server: string, gateway: string, account: string, range: Range): readonly CurvePoint[] | null {
  const call = useCall();
  const [points, setPoints] = useState<readonly CurvePoint[] | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const load = () => {
      const from = Number.isFinite(RANGES[range]) ? Math.max(0, Date.now() - RANGES[range]) : 0;
      call("history.curve", { server, gateway, account, from, points: POINTS }, { signal: stop.signal }).then(setPoints, () => {
        // The curve is an extra: without it the figures stand as they are, and the next round tries again.
        if (!stop.signal.aborted) setPoints((before) => before ?? []);
      });
    };
    load();
    const timer = setInterval(load, REFRESH_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [call, server, gateway, account, range]);
  return points;
}

function Plot({ points, label, currency }: { points: readonly CurvePoint[]; label: string; currency: string }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  // Pixels need no exact decimals: binary floats are for drawing only.
  const data = useMemo<uPlot.AlignedData>(() => [points.map((point) => point.at / 1000), points.map((point) => Number(point.netLiquidation))], [points]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const made = new uPlot(plotOptions(element, currency), undefined, element);
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
  useEffect(() => plot.current?.setData(data), [data]);
  return <div className="curve-plot" ref={box} role="img" aria-label={label} />;
}

function plotOptions(element: HTMLElement, currency: string): uPlot.Options {
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
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        space: 64,
        values: (_, splits, __, ___, step) => splits.map((split) => (step >= 86_400 ? day : hour).format(split * 1000)),
      },
      { ...axis, size: 56, space: 26, values: (_, values) => values.map((value) => compact.format(value)) },
    ],
    series: [{}, { label: currency, stroke: () => colour("--accent"), width: 1.5, fill: () => colour("--accent-wash"), points: { show: false } }],
  };
}
