import { compareDecimals } from "../../../shared/money.ts";
import type { CurvePoint } from "../../../shared/snapshot.ts";

/**
 * At most `limit` (at least 2) of the points, in order of time: the first, the last, and of each stretch between them the lowest and the highest, so that no
 * peak is lost.
 */
export function thinOut(points: readonly CurvePoint[], limit: number): CurvePoint[] {
  if (points.length <= limit) return [...points];
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return [];
  const stretches = Math.floor((limit - 2) / 2);
  const inner = points.length - 2;
  const kept: CurvePoint[] = [first];
  for (let i = 0; i < stretches; i++) {
    const from = 1 + Math.floor((inner * i) / stretches);
    const to = 1 + Math.floor((inner * (i + 1)) / stretches);
    let low: CurvePoint | undefined;
    let high: CurvePoint | undefined;
    for (let at = from; at < to; at++) {
      const point = points[at];
      if (point === undefined) continue;
      if (low === undefined || compareDecimals(point.netLiquidation, low.netLiquidation) < 0) low = point;
      if (high === undefined || compareDecimals(point.netLiquidation, high.netLiquidation) > 0) high = point;
    }
    if (low === undefined || high === undefined) continue;
    if (low === high) kept.push(low);
    else kept.push(...(low.at < high.at ? [low, high] : [high, low]));
  }
  kept.push(last);
  return kept;
}
