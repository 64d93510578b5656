import type { Decimal } from "./money.ts";
import type { CauseId, Confidence, LightName, LightState, RepairId } from "./words.ts";

/** The one serialisable state. Tray, window, command line, notifications are views of it. Times are ms since the epoch. No secrets. */
export interface Snapshot {
  readonly revision: number;
  readonly app: AppInfo;
  readonly light: LightState;
  readonly servers: readonly ServerSnapshot[];
  readonly prompts: readonly Prompt[];
  readonly notices: readonly Notice[];
  /** What a window needs to tell of changes by itself (browser); absent: it tells nothing. */
  readonly notify?: { readonly afterSeconds: number; readonly mute: boolean };
  readonly privacy: {
    readonly maskAmounts: boolean;
    /** The desktop is locked now, where the host can tell. */
    readonly locked?: boolean;
  };
}

export interface AppInfo {
  readonly version: string;
  readonly host: "electron" | "browser" | "command-line";
  readonly platform: string;
  /** `asks`: looks for new versions and asks first; `no-address`: this build knows no place to look; absent: not Gatelight's to do (browser, command line). */
  readonly updates?: "asks" | "no-address";
  /** Why this host cannot start at log-in, as a sentence; absent: it can. */
  readonly noStartAtLogin?: string;
  readonly secrets: { readonly persistent: boolean; readonly name: string; readonly detail: string };
  /** Playing the simulated home server. */
  readonly simulation: { readonly scenario: string; readonly scenarios: readonly ScenarioInfo[] } | null;
}

export interface ScenarioInfo {
  readonly id: string;
  readonly title: string;
  /** The cause it must lead to; `null`: all up. */
  readonly cause: CauseId | null;
}

/** Something the person should know once, e.g. a damaged settings file set aside. */
export interface Notice {
  readonly id: string;
  readonly kind: "info" | "warning" | "error";
  readonly title: string;
  readonly detail: string;
  readonly at: number;
  /** Also told by the system's notifications, as news of this gateway. */
  readonly tell?: { readonly server: string; readonly gateway: string };
  /** The one click that follows from it: the repair's plan is shown. */
  readonly action?: { readonly label: string; readonly server: string; readonly gateway: string; readonly repair: RepairId };
}

export interface LightSnapshot {
  readonly state: LightState;
  /** One or two words, e.g. "connected", "51/51". */
  readonly word: string;
  readonly detail: string;
  readonly since: number;
  readonly latencyMs?: number;
}

export interface ServerSnapshot {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly reach: "ssh" | "local";
  readonly light: LightState;
  readonly link: LightSnapshot;
  readonly docker: LightSnapshot;
  readonly gateways: readonly GatewaySnapshot[];
}

export interface GatewaySnapshot {
  readonly id: string;
  readonly name: string;
  readonly mode: "paper" | "live";
  readonly container: string;
  readonly light: LightState;
  readonly lights: Readonly<Record<LightName, LightSnapshot>>;
  /** One sentence for the top of the window, the tray and notifications; never an amount. */
  readonly sentence: string;
  readonly cause: FindingSnapshot | null;
  readonly others: readonly FindingSnapshot[];
  readonly repairs: readonly RepairOffer[];
  /** The calendar excuses what is seen now (nightly reset …). */
  readonly excused: { readonly reason: string; readonly until: number } | null;
  readonly accounts: readonly AccountSnapshot[];
  readonly session: SessionSnapshot;
  readonly guide: readonly GuideItem[];
  /** The facts as lines for people: label, value, age. */
  readonly evidence: readonly EvidenceLine[];
  readonly run: RepairRun | null;
  readonly forwards: readonly ForwardSnapshot[];
}

export interface FindingSnapshot {
  readonly id: CauseId;
  readonly title: string;
  readonly because: readonly string[];
  readonly confidence: Confidence;
  /** What would decide between this and its rivals. */
  readonly decides: string | null;
  /** When it is expected to end by itself. */
  readonly endsAt: number | null;
}

export interface RepairPrice {
  readonly secondFactor: boolean;
  readonly losesUiSettings: boolean;
  readonly downtimeSeconds: number;
}
export interface RepairOffer {
  readonly id: RepairId;
  readonly title: string;
  readonly price: RepairPrice;
  /** Why it cannot run now; `null` when it can. */
  readonly refused: string | null;
}

export interface EvidenceLine {
  readonly label: string;
  readonly value: string;
  readonly at: number | null;
}

export interface GuideItem {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  /** `proven`: the evidence shows it is so; `contradicted`: shows it is not; `open`: not known. */
  readonly state: "proven" | "contradicted" | "open";
}

export interface SessionSnapshot {
  readonly state: "off" | "waiting" | "opening" | "ready" | "released" | "parked" | "asleep";
  readonly clientId: number;
  /** Shown when another id than the settings' was taken (326). */
  readonly clientIdNote: string | null;
  readonly connectsToday: number;
  readonly nextTryAt: number | null;
  /** Until when the account is left to TWS; `null` with state `released`: until asked back. */
  readonly releasedUntil: number | null;
}

export interface ForwardSnapshot {
  readonly target: "api" | "vnc" | "mcp";
  readonly localPort: number | null;
  readonly state: "off" | "listening" | "failed";
  readonly detail: string;
  readonly connections: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

// ── accounts ───────────────────────────────────────────────────────────────────────────────────────────────────────

export const FIGURES = [
  "NetLiquidation",
  "TotalCashValue",
  "BuyingPower",
  "AvailableFunds",
  "ExcessLiquidity",
  "InitMarginReq",
  "MaintMarginReq",
  "Cushion",
  "GrossPositionValue",
  "UnrealizedPnL",
  "RealizedPnL",
  "DailyPnL",
] as const;
export type FigureName = (typeof FIGURES)[number];

export interface Figure {
  readonly value: Decimal;
  /** "" for ratios such as Cushion. */
  readonly currency: string;
  readonly at: number;
}

export interface AccountSnapshot {
  readonly id: string;
  readonly kind: "paper" | "live" | "unknown";
  readonly baseCurrency: string | null;
  readonly figures: Readonly<Partial<Record<FigureName, Figure>>>;
  /** Cash by currency ("BASE" left out). */
  readonly cash: readonly Figure[];
  readonly positions: readonly PositionSnapshot[];
  /** Newest proof that the figures are alive. */
  readonly at: number | null;
  /** Not from a session that is up now. */
  readonly stale: boolean;
}

export interface PositionSnapshot {
  readonly contractId: number;
  /** As traders read it: "AAPL", "ES Dec 26", "SPY 2026-12-18 600 C". */
  readonly title: string;
  readonly symbol: string;
  readonly kind: string;
  readonly exchange: string;
  readonly currency: string;
  readonly multiplier: Decimal;
  readonly quantity: Decimal;
  readonly price: Decimal | null;
  readonly value: Decimal | null;
  readonly averageCost: Decimal | null;
  readonly unrealized: Decimal | null;
  readonly realized: Decimal | null;
  readonly daily: Decimal | null;
  /** That of `daily`, where it is not the position's own but the account's base currency. */
  readonly dailyCurrency?: string;
  readonly at: number;
}

// ── prompts ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Prompt {
  readonly id: string;
  /** Equal keys are the same question. */
  readonly key: string;
  readonly kind: "host-key" | "passphrase" | "password" | "keyboard-interactive" | "vnc-password";
  readonly server: string;
  readonly gateway: string | null;
  readonly title: string;
  readonly detail: string;
  readonly fields: readonly { readonly name: string; readonly label: string; readonly secret: boolean }[];
  /** The keychain may keep the answer. */
  readonly canRemember: boolean;
  readonly hostKey: { readonly type: string; readonly fingerprint: string } | null;
  readonly askedAt: number;
  readonly expiresAt: number;
}

export interface PromptAnswer {
  /** By field name. Empty for a host key: accepting is the answer. */
  readonly values: Readonly<Record<string, string>>;
  readonly remember: boolean;
}

// ── repairs ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface RepairPlan {
  readonly repair: RepairId;
  readonly title: string;
  readonly gateway: string;
  /** Exactly what will run, where. */
  readonly commands: readonly { readonly where: string; readonly text: string }[];
  readonly price: RepairPrice;
  /** Programs that lose their connection (from the socket table); `null` where not known. */
  readonly clientsAffected: number | null;
  readonly cures: string;
  readonly tryFirst: readonly RepairId[];
  readonly refused: string | null;
  /** 1: a click; 2: twice; `name`: the gateway's name typed in. */
  readonly confirm: 1 | 2 | "name";
  /** Valid until; `repair.start` names it. */
  readonly planId: string;
}

export interface RepairRun {
  readonly id: string;
  readonly repair: RepairId;
  readonly title: string;
  readonly startedAt: number;
  readonly expectedSeconds: number;
  readonly endedAt: number | null;
  readonly outcome: "running" | "cured" | "not-cured" | "failed" | "cancelled";
  readonly steps: readonly { readonly title: string; readonly state: "waiting" | "running" | "done" | "failed" | "skipped"; readonly detail: string }[];
  /** Newest output, bounded. */
  readonly output: readonly string[];
  readonly cancellable: boolean;
  /** What cancelling now would leave, one sentence. */
  readonly cancelLeaves?: string | null;
  /** Second factor to approve until then. */
  readonly secondFactorUntil: number | null;
  /** What is still wrong and what may be next. */
  readonly verdict: string | null;
  readonly next: RepairId | null;
}

// ── screen ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export type ScreenStep = "server" | "address" | "dial" | "login" | "picture";
export type ScreenFailure =
  | "link"
  | "forbidden"
  | "no-address"
  | "refused"
  | "silent"
  | "wrong-service"
  | "password-missing"
  | "password-wrong"
  | "too-many-attempts"
  | "no-password-set"
  | "unsupported"
  | "closed"
  | "cancelled";

// ── history ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface CurvePoint {
  readonly at: number;
  readonly netLiquidation: Decimal;
  readonly dailyPnl: Decimal | null;
  /** The sum of all days' results from the first point's day up to here: no deposit, no withdrawal. Absent or `null`: not known. */
  readonly profit?: Decimal | null;
  /** The same sum as it stood when this point's day began. */
  readonly profitBefore?: Decimal | null;
}
export interface Incident {
  readonly id: number;
  readonly gateway: string;
  readonly kind: "light" | "repair" | "session" | "note";
  readonly at: number;
  readonly endedAt: number | null;
  readonly title: string;
  readonly detail: string;
  readonly cause: CauseId | null;
}
