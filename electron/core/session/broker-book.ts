import type { BrokerFact } from "../diagnosis/evidence.ts";

type Farm = BrokerFact["farms"][number];
type Notice = BrokerFact["notices"][number];

const MAX_FARMS = 40;
const MAX_NOTICES = 20;
const MAX_TEXT = 300;

/** Codes of the data farms (gateway facts: codes to know). 2107/2108 are healthy: they wake on demand. */
const FARM_CODES: ReadonlyMap<number, Pick<Farm, "kind" | "state">> = new Map([
  [2103, { kind: "market-data", state: "down" }],
  [2104, { kind: "market-data", state: "ok" }],
  [2105, { kind: "history", state: "down" }],
  [2106, { kind: "history", state: "ok" }],
  [2107, { kind: "history", state: "inactive" }],
  [2108, { kind: "market-data", state: "inactive" }],
  [2119, { kind: "market-data", state: "connecting" }],
  [2157, { kind: "sec-def", state: "down" }],
  [2158, { kind: "sec-def", state: "ok" }],
]);

export const LINE_LOST = 1100;
export const RESTORED_DATA_LOST = 1101;
export const RESTORED_DATA_KEPT = 1102;
export const NOT_CONNECTED_TO_BROKER = 2110;

/** "Market data farm connection is OK:usfarm.nj" and "… available upon demand.ushmds": the name stands after ':' or after the sentence. */
export function farmName(text: string): string {
  return (/(?::|demand\.)\s*([A-Za-z0-9._-]*[A-Za-z0-9_-])\s*\.?\s*$/.exec(text)?.[1] ?? "unnamed").slice(0, 40);
}

/** The gateway's own line to the broker, told by notices while the API socket lives. One per connection. */
export class BrokerBook {
  private line: BrokerFact["line"] = "unknown";
  private since: number;
  private code: number | null = null;
  private readonly farms = new Map<string, Farm>();
  private readonly notices = new Map<number, Notice>();
  private cached: BrokerFact | null = null;
  heard = false;

  constructor(now: number) {
    this.since = now;
  }

  /** @returns `data-lost` after 1101 (the gateway dropped all subscriptions), `restored` when the line came back otherwise */
  notice(code: number, text: string, now: number): "data-lost" | "restored" | null {
    const wasDown = this.line === "down";
    this.take(code, text, now);
    if (code === RESTORED_DATA_LOST) return "data-lost";
    return wasDown && this.line === "up" ? "restored" : null;
  }

  private take(code: number, text: string, now: number): void {
    this.cached = null;
    this.heard = true;
    if (code === LINE_LOST || code === NOT_CONNECTED_TO_BROKER) this.setLine("down", code, now);
    if (code === RESTORED_DATA_LOST || code === RESTORED_DATA_KEPT) this.setLine("up", code, now);
    const farm = FARM_CODES.get(code);
    if (farm === undefined) {
      this.remember(code, text, now);
      return;
    }
    const name = farmName(text);
    const key = `${farm.kind} ${name}`;
    if (this.farms.has(key) || this.farms.size < MAX_FARMS) this.farms.set(key, { name, ...farm, at: now });
    // A farm that answers proves the line, unless 1100 said that it is lost: only 1101 and 1102 end that.
    if (farm.state === "ok" && (this.line === "unknown" || this.code === NOT_CONNECTED_TO_BROKER)) this.setLine("up", null, now);
  }

  /** Fresh account data came: proof of the line where nothing was known (a gateway without one says 2110 on connect). */
  dataCame(now: number): void {
    if (this.line === "unknown") this.setLine("up", null, now);
  }

  fact(): BrokerFact {
    this.cached ??= { line: this.line, since: this.since, code: this.code, farms: [...this.farms.values()], notices: [...this.notices.values()] };
    return this.cached;
  }

  private setLine(line: BrokerFact["line"], code: number | null, now: number): void {
    if (line !== this.line) this.since = now;
    this.line = line;
    this.code = code;
    this.cached = null;
  }

  private remember(code: number, text: string, now: number): void {
    this.notices.delete(code);
    this.notices.set(code, { code, text: text.slice(0, MAX_TEXT), at: now });
    const oldest = this.notices.keys().next();
    if (this.notices.size > MAX_NOTICES && oldest.done !== true) this.notices.delete(oldest.value);
  }
}
