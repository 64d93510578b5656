import type { DatabaseSync, StatementSync } from "node:sqlite";
import { parseDecimal } from "../../../shared/money.ts";
import { runningProfit } from "../../../shared/profit.ts";
import type { CurvePoint, Incident } from "../../../shared/snapshot.ts";
import { CAUSES } from "../../../shared/words.ts";
import type { AccountSample, GatewayRef, History, HistoryOptions } from "./history.ts";
import { applyRetention } from "./retention.ts";
import { thinOut } from "./thin-out.ts";

const MIN_GAP_MS = 15_000;
const UNCHANGED_GAP_MS = 300_000;
const RETENTION_EVERY_MS = 6 * 3_600_000;
const FAULT_EVERY_MS = 60_000;
const MAX_TITLE = 500;
const MAX_DETAIL = 8000;
const KINDS = ["light", "repair", "session", "note"] as const;

interface Series {
  readonly id: bigint;
  at: number;
  net: string;
  daily: string | null;
}

const int = (value: number) => BigInt(Math.trunc(value));
const keyOf = (ref: GatewayRef, account: string) => JSON.stringify([ref.server, ref.gateway, account]);
const asText = (value: unknown) => (typeof value === "string" ? value : "");
const asNumber = (value: unknown) => (typeof value === "number" ? value : Number(value));

export class SqliteHistory implements History {
  private readonly series = new Map<string, Series>();
  private readonly insertSample: StatementSync;
  private readonly insertIncident: StatementSync;
  private readonly closeIncident: StatementSync;
  private readonly rewriteIncident: StatementSync;
  private retainedAt: number;
  private faultAt = Number.NEGATIVE_INFINITY;
  private closed = false;

  constructor(
    private readonly db: DatabaseSync,
    private readonly options: HistoryOptions,
  ) {
    this.retainedAt = options.clock.now();
    this.insertSample = db.prepare("INSERT OR REPLACE INTO samples (series, at, net, daily) VALUES (?, ?, ?, ?)");
    this.insertIncident = db.prepare("INSERT INTO incidents (server, gateway, kind, at, ended_at, title, detail, cause) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    this.closeIncident = db.prepare("UPDATE incidents SET ended_at = ? WHERE id = ? AND ended_at IS NULL");
    this.rewriteIncident = db.prepare("UPDATE incidents SET title = ?, detail = ?, ended_at = ? WHERE id = ?");
    // Left open by a process that ended without a word: they are known to have lasted until the last thing written, and no longer.
    db.exec(`UPDATE incidents SET ended_at = max(at,
      coalesce((SELECT max(at) FROM samples), 0), (SELECT max(at) FROM incidents)) WHERE ended_at IS NULL`);
  }

  sample(sample: AccountSample): void {
    const net = parseDecimal(sample.netLiquidation);
    const daily = parseDecimal(sample.dailyPnl);
    if (net === null || this.closed) return;
    this.writing(() => {
      const series = this.seriesOf(sample);
      const passed = sample.at - series.at;
      // A clock that was set back must not stop the curve for good.
      if (passed >= 0 && passed < MIN_GAP_MS) return;
      if (passed >= 0 && passed < UNCHANGED_GAP_MS && net === series.net && daily === series.daily) return;
      this.insertSample.run(series.id, int(sample.at), net, daily);
      Object.assign(series, { at: sample.at, net, daily });
      this.retain();
    });
  }

  curve({ account, from, points, ...ref }: GatewayRef & { account: string; from: number; points: number }): CurvePoint[] {
    if (this.closed) return [];
    const rows = this.db
      .prepare(
        `SELECT at, net, daily FROM samples JOIN series ON series.id = samples.series
         WHERE server = ? AND gateway = ? AND account = ? AND at >= ? ORDER BY at`,
      )
      .iterate(ref.server, ref.gateway, account, int(from));
    const all: CurvePoint[] = [];
    for (const row of rows) {
      const daily = row.daily;
      all.push({ at: asNumber(row.at), netLiquidation: asText(row.net), dailyPnl: typeof daily === "string" ? daily : null });
    }
    // Sums are made of every sample, whatever of the curve is shown.
    const profit = runningProfit(all);
    const place = new Map(all.map((point, index) => [point, index]));
    return thinOut(all, Math.max(2, points)).map((point) => ({ ...point, ...profit(place.get(point) ?? 0) }));
  }

  addIncident(incident: Omit<Incident, "id"> & { readonly server: string }): number {
    const { server, gateway, kind, at, endedAt, cause } = incident;
    let id = 0;
    this.writing(() => {
      const title = incident.title.slice(0, MAX_TITLE);
      const detail = incident.detail.slice(0, MAX_DETAIL);
      const done = this.insertIncident.run(server, gateway, kind, int(at), endedAt === null ? null : int(endedAt), title, detail, cause);
      id = Number(done.lastInsertRowid);
    });
    return id;
  }

  endIncident(id: number, at: number): void {
    this.writing(() => this.closeIncident.run(int(at), int(id)));
  }

  finishIncident(id: number, { title, detail, endedAt }: { title: string; detail: string; endedAt: number }): void {
    this.writing(() => this.rewriteIncident.run(title.slice(0, MAX_TITLE), detail.slice(0, MAX_DETAIL), int(endedAt), int(id)));
  }

  incidents({ server, gateway, limit }: GatewayRef & { limit: number }): Incident[] {
    if (this.closed) return [];
    return this.db
      .prepare("SELECT * FROM incidents WHERE server = ? AND gateway = ? ORDER BY at DESC, id DESC LIMIT ?")
      .all(server, gateway, int(limit))
      .map((row) => ({
        id: asNumber(row.id),
        gateway: asText(row.gateway),
        kind: KINDS.find((kind) => kind === row.kind) ?? "note",
        at: asNumber(row.at),
        endedAt: row.ended_at === null ? null : asNumber(row.ended_at),
        title: asText(row.title),
        detail: asText(row.detail),
        cause: CAUSES.find((cause) => cause === row.cause) ?? null,
      }));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      this.db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (error) {
      this.fault(error);
    } finally {
      this.db.close();
    }
  }

  private seriesOf(sample: AccountSample): Series {
    const key = keyOf(sample, sample.account);
    const known = this.series.get(key);
    if (known !== undefined) return known;
    this.db
      .prepare(
        `INSERT INTO series (server, gateway, account, currency) VALUES (?, ?, ?, ?)
         ON CONFLICT (server, gateway, account) DO UPDATE SET currency = excluded.currency`,
      )
      .run(sample.server, sample.gateway, sample.account, sample.currency);
    const row = this.db
      .prepare(
        `SELECT series.id, at, net, daily FROM series LEFT JOIN samples ON samples.series = series.id
         WHERE server = ? AND gateway = ? AND account = ? ORDER BY at DESC LIMIT 1`,
      )
      .get(sample.server, sample.gateway, sample.account);
    if (row === undefined) throw new Error("a series that was just written is not there");
    const at = row.at === null ? Number.NEGATIVE_INFINITY : asNumber(row.at);
    const fresh: Series = { id: int(asNumber(row.id)), at, net: asText(row.net), daily: typeof row.daily === "string" ? row.daily : null };
    this.series.set(key, fresh);
    return fresh;
  }

  private retain(): void {
    const now = this.options.clock.now();
    if (now - this.retainedAt < RETENTION_EVERY_MS && now >= this.retainedAt) return;
    this.retainedAt = now;
    applyRetention(this.db, now);
  }

  /** A full disk must not take the light down with it: the fault is told, the caller goes on. */
  private writing(run: () => void): void {
    if (this.closed) return;
    try {
      run();
    } catch (error) {
      this.fault(error);
    }
  }

  private fault(error: unknown): void {
    const now = this.options.clock.now();
    if (now - this.faultAt < FAULT_EVERY_MS) return;
    this.faultAt = now;
    this.options.onFault?.(`the history could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
