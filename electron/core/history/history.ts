import type { CurvePoint, Incident, Notice } from "../../../shared/snapshot.ts";
import type { Clock } from "../clock.ts";

export interface GatewayRef {
  readonly server: string;
  readonly gateway: string;
}
export interface AccountSample extends GatewayRef {
  readonly account: string;
  /** ms since the epoch */
  readonly at: number;
  readonly netLiquidation: string;
  readonly currency: string;
  readonly dailyPnl: string | null;
}

/** The account curve and the incident log, on disk. One writer: the process that opened it. Nothing here waits longer than a second. */
export interface History {
  /** Kept at most every 15 s an account, and only when something changed or five minutes passed. */
  sample(sample: AccountSample): void;
  /** @param query.from ms since the epoch; @param query.points at most so many, peaks kept. In order of time. */
  curve(query: GatewayRef & { readonly account: string; readonly from: number; readonly points: number }): CurvePoint[];
  /** @returns its id; 0 where it could not be written */
  addIncident(incident: Omit<Incident, "id"> & { readonly server: string }): number;
  endIncident(id: number, at: number): void;
  /** Ends an incident that began with less known than is now. */
  finishIncident(id: number, end: Pick<Incident, "title" | "detail"> & { readonly endedAt: number }): void;
  /** Newest first. */
  incidents(query: GatewayRef & { readonly limit: number }): Incident[];
  /** Flushes and closes; a second call does nothing. */
  close(): void;
}

export interface OpenedHistory {
  /** `null` where none can be kept; the notice says why. */
  readonly history: History | null;
  /** A damaged file was set aside, or no history can be kept. */
  readonly notice: Notice | null;
}

export interface HistoryOptions {
  readonly file: string;
  readonly clock: Clock;
  /** A write failed (disk full …); told at most once a minute. */
  readonly onFault?: (message: string) => void;
}

/** Never throws: what is wrong comes as a notice. `node:sqlite` is loaded only here, since older Node versions have none. */
export async function openHistory(options: HistoryOptions): Promise<OpenedHistory> {
  const { openDatabase } = await import("./open-database.ts");
  return openDatabase(options);
}
