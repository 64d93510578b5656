import type { DatabaseSync } from "node:sqlite";
import { newYorkDay } from "../../../shared/profit.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * What stays of samples older than `after`: per bucket its last, lowest and highest. Ages and sizes in milliseconds. The last of a day is its result, so no
 * bucket reaches over the end of a day: those that last a day are New York's.
 */
export const RETENTION: readonly { readonly after: number; readonly bucket: number }[] = [
  { after: 2 * DAY, bucket: 5 * MINUTE },
  { after: 60 * DAY, bucket: HOUR },
  { after: 730 * DAY, bucket: DAY },
];
/** Incidents are kept for so long, and not more of them than that. */
const INCIDENT_AGE = 730 * DAY;
const MAX_INCIDENTS = 10_000;

const thinned = (bucketOf: string) => `
  DELETE FROM samples WHERE (series, at) IN (
    SELECT series, at FROM (
      SELECT series, at,
        row_number() OVER (PARTITION BY series, ${bucketOf} ORDER BY at DESC) AS newest,
        row_number() OVER (PARTITION BY series, ${bucketOf} ORDER BY CAST(net AS REAL), at) AS lowest,
        row_number() OVER (PARTITION BY series, ${bucketOf} ORDER BY CAST(net AS REAL) DESC, at) AS highest
      FROM samples WHERE at < :until AND at >= :from
    ) WHERE newest > 1 AND lowest > 1 AND highest > 1
  )`;

/** Thins out and forgets. Integers are bound as BigInt: node:sqlite binds numbers as REAL, and the buckets would be fractions. */
export function applyRetention(db: DatabaseSync, now: number): void {
  db.function("new_york_day", { deterministic: true }, (at) => newYorkDay(Number(at)));
  for (const [index, { after, bucket }] of RETENTION.entries()) {
    const next = RETENTION[index + 1];
    const from = next === undefined ? 0 : Math.floor((now - next.after) / next.bucket) * next.bucket;
    const until = Math.floor((now - after) / bucket) * bucket;
    const thin = db.prepare(thinned(bucket === DAY ? "new_york_day(at)" : `at / ${bucket}`));
    thin.run({ until: BigInt(Math.max(0, until)), from: BigInt(Math.max(0, from)) });
  }
  db.prepare("DELETE FROM incidents WHERE at < ?").run(BigInt(Math.max(0, Math.floor(now - INCIDENT_AGE))));
  db.prepare("DELETE FROM incidents WHERE id <= (SELECT max(id) FROM incidents) - ?").run(BigInt(MAX_INCIDENTS));
}
