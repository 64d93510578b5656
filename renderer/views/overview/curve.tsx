import { memo, useEffect, useState } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";
import { formatMoney } from "../../../shared/money.ts";
import { type ProfitRange, profitOver } from "../../../shared/profit.ts";
import type { CurvePoint, Incident } from "../../../shared/snapshot.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { useMasking } from "../../ui/masking.tsx";
import { formatAt } from "../../ui/time.ts";
import { type Outage, Plot } from "./plot.tsx";

const DAY_MS = 86_400_000;
const RANGES = { "1D": DAY_MS, "1W": 7 * DAY_MS, "1M": 30 * DAY_MS, All: Number.POSITIVE_INFINITY } as const;
type Range = keyof typeof RANGES;
const PROFITS: Readonly<Record<Range, ProfitRange>> = { "1D": "today", "1W": "week", "1M": "month", All: "all" };
const NAMES: readonly Range[] = ["1D", "1W", "1M", "All"];
const POINTS = 400;
/** New samples come once a minute at most. */
const REFRESH_MS = 60_000;

interface Props {
  server: string;
  gateway: string;
  account: string;
  currency: string;
}

/** Told only what it depends on: the account itself changes with each of its figures. */
export const Curve = memo(function Curve({ server, gateway, account, currency }: Props) {
  const [range, setRange] = useState<Range>("1D");
  const { points, outages } = useCurve(server, gateway, account, range);
  const { masked } = useMasking();
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
      {masked ? <p className="quiet curve-empty">{strings.curve.hidden}</p> : <CurveBody points={points} outages={outages} currency={currency} range={range} />}
    </div>
  );
});

interface BodyProps {
  points: readonly CurvePoint[] | null;
  outages: readonly Outage[];
  currency: string;
  range: Range;
}

function CurveBody({ points, outages, currency, range }: BodyProps) {
  const [first, last] = [points?.[0], points?.at(-1)];
  if (points === null) return <div className="curve-plot" aria-hidden="true" />;
  if (first === undefined || last === undefined || points.length < 2) return <p className="quiet curve-empty">{strings.curve.none}</p>;
  const money = (point: CurvePoint) => formatMoney({ value: point.netLiquidation, currency });
  const summary = strings.curve.summary(formatAt(first.at, Date.now()), formatAt(last.at, Date.now()), money(first), money(last));
  // Today's result stands beside the curve already, fresher than the curve's last sample.
  const value = PROFITS[range] === "today" ? null : profitOver(points, PROFITS[range], Date.now());
  return (
    <>
      {value !== null && (
        <p className="quiet curve-profit" title={strings.curve.profitTitle}>
          {strings.curve.profit[PROFITS[range]]}: {formatMoney({ value, currency }, { signed: true })}
        </p>
      )}
      <Plot key={currency} points={points} outages={outages} label={`${strings.curve.label}. ${summary}`} currency={currency} />
    </>
  );
}

interface Loaded {
  readonly points: readonly CurvePoint[] | null;
  readonly outages: readonly Outage[];
}

function useCurve(server: string, gateway: string, account: string, range: Range): Loaded {
  const call = useCall();
  const [loaded, setLoaded] = useState<Loaded>({ points: null, outages: [] });
  useEffect(() => {
    const stop = new AbortController();
    const options = { signal: stop.signal };
    // The curve is an extra: without it the figures stand as they are, and the next round tries again.
    const missing = () => [];
    const load = async () => {
      const from = Number.isFinite(RANGES[range]) ? Math.max(0, Date.now() - RANGES[range]) : 0;
      const [points, incidents] = await Promise.all([
        call("history.curve", { server, gateway, account, from, points: POINTS }, options).catch(missing),
        call("history.incidents", { server, gateway, limit: 200 }, options).catch(missing),
      ]);
      if (!stop.signal.aborted) setLoaded((before) => ({ points: points.length === 0 ? (before.points ?? []) : points, outages: outagesOf(incidents) }));
    };
    void load();
    const timer = setInterval(load, REFRESH_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [call, server, gateway, account, range]);
  return loaded;
}

/** When a light was off its green: shown under the curve, on the same time axis. */
function outagesOf(incidents: readonly Incident[]): Outage[] {
  return incidents.filter((incident) => incident.kind === "light" && incident.cause !== null).map(({ at, endedAt }) => ({ at, endedAt }));
}
