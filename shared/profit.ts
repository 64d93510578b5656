import { addDecimals, compareDecimals, type Decimal, multiplyDecimals, subtractDecimals } from "./money.ts";
import type { CurvePoint } from "./snapshot.ts";
import { offsetByRule } from "./summer-time.ts";

export type ProfitRange = "today" | "week" | "month" | "all";
/** Days of a range, today among them. */
const DAYS: Readonly<Record<ProfitRange, number>> = { today: 1, week: 7, month: 30, all: Number.POSITIVE_INFINITY };
const DAY_MS = 86_400_000;

/**
 * IBKR begins a new day's result by each instrument's own schedule (tws-api/pnl.html), for most about midnight in New York. So a day here is New York's, and
 * its result is the last one told on it.
 */
const NEW_YORK = "America/New_York";
const WINTER_MS = -5 * 3_600_000;

/** @returns the number of New York's day, counted from 1970 */
export const newYorkDay = (at: number): number => Math.floor((at + (offsetByRule(at, NEW_YORK) ?? WINTER_MS)) / DAY_MS);

interface DayResult {
  readonly day: number;
  /** Index of its last point. */
  last: number;
  result: Decimal;
}

const withoutSign = (value: Decimal) => value.replace(/^-/, "");
/** Interest and rounding move the net liquidation beside the day's result: a twentieth of it is let pass. */
const movedBy = (result: Decimal, from: Decimal, to: Decimal) => {
  const beside = subtractDecimals(subtractDecimals(to, from), result);
  return compareDecimals(multiplyDecimals(withoutSign(beside), "20"), withoutSign(result)) <= 0;
};

/**
 * The last result of each day on which one was told, in order of time. A day has none of its own as long as the last day's is still told unchanged: over a
 * weekend, after midnight until the first instrument's schedule turns, and where a new session has not told its result yet. A day whose own result happens to
 * be the same amount is known by the net liquidation, which has moved by that amount once more. (A result of nothing adds nothing.)
 */
function dayResults(points: readonly CurvePoint[]): DayResult[] {
  const days: DayResult[] = [];
  for (const [index, { at, netLiquidation, dailyPnl }] of points.entries()) {
    if (dailyPnl === null) continue;
    const day = newYorkDay(at);
    const known = days.at(-1);
    const before = known === undefined ? undefined : points[known.last];
    const isSame = known !== undefined && before !== undefined && compareDecimals(known.result, dailyPnl) === 0;
    const isCarried = isSame && !movedBy(dailyPnl, before.netLiquidation, netLiquidation);
    if (known !== undefined && (known.day === day || isCarried)) Object.assign(known, { last: index, result: dailyPnl });
    else days.push({ day, last: index, result: dailyPnl });
  }
  return days;
}

/**
 * What was won or lost over a range that ends now: the sum of its days' results, exact. Deposits and withdrawals move the net liquidation but no day's result,
 * so they are not mistaken for profit. A day on which Gatelight saw no account adds nothing.
 * @param points in order of time: every sample, or a curve that was thinned out after `runningProfit` was put on its points
 * @param now ms since the epoch @returns `null` where no result is known
 */
export function profitOver(points: readonly CurvePoint[], range: ProfitRange, now: number): Decimal | null {
  const today = newYorkDay(now);
  const isWithin = (day: number) => day > today - DAYS[range] && day <= today;
  const within = points.filter(({ at, dailyPnl }) => dailyPnl !== null && isWithin(newYorkDay(at)));
  const [first, last] = [within[0], within.at(-1)];
  if (first === undefined || last === undefined) return null;
  if (first.profitBefore != null && last.profit != null) return subtractDecimals(last.profit, first.profitBefore);
  return addDecimals(
    dayResults(points)
      .filter(({ day }) => isWithin(day))
      .map(({ result }) => result),
  );
}

/** A point's share in the sum: see CurvePoint. */
export interface RunningProfit {
  readonly profit: Decimal | null;
  readonly profitBefore: Decimal | null;
}

/**
 * The profit up to each point since the first point's day began. Made before a curve is thinned out, so that what stays of it still knows.
 * @param points every sample, in order of time @returns a function of an index into `points`; `null` before the first result that is known
 */
export function runningProfit(points: readonly CurvePoint[]): (index: number) => RunningProfit {
  const days = dayResults(points);
  const before: Decimal[] = [];
  let sum: Decimal = "0";
  for (const { result } of days) {
    before.push(sum);
    sum = addDecimals([sum, result]);
  }
  return (index) => {
    let newest = index;
    while (newest >= 0 && points[newest]?.dailyPnl == null) newest--;
    const point = points[newest];
    if (point?.dailyPnl == null) return { profit: null, profitBefore: null };
    const of = days.findIndex(({ last }) => last >= newest);
    const profit = addDecimals([before[of] ?? "0", point.dailyPnl]);
    // Still the result of the day before: this day has not begun to count.
    const carried = days[of] !== undefined && newYorkDay(point.at) > days[of].day;
    return { profit, profitBefore: carried ? profit : (before[of] ?? "0") };
  };
}
