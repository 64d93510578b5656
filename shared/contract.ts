import "./no-eval.ts";
import { z } from "zod";
import { type Settings, server } from "./settings.ts";
import type { CurvePoint, Incident, RepairPlan, ScreenFailure, ScreenStep } from "./snapshot.ts";
import { REPAIRS } from "./words.ts";

/**
 * Every call from a window to Core, with the validator of its input. The same over a MessagePort (Electron) and an authenticated
 * loopback WebSocket (browser). Results are plain JSON. Secrets travel inward only: no result carries one.
 */

const id = z.string().min(1).max(64);
const gatewayRef = z.strictObject({ server: id, gateway: id });
const secret = z.string().max(4096);

/** `result` exists for the type only. */
export interface CallSpec<I extends z.ZodType = z.ZodType, R = unknown> {
  readonly input: I;
  readonly result?: R;
}
const call =
  <R>() =>
  <I extends z.ZodType>(input: I): CallSpec<I, R> => ({ input });

export interface FoundContainer {
  readonly name: string;
  readonly image: string;
  readonly status: string;
  /** Looks like an IB Gateway: image name, ports or labels say so. */
  readonly likely: boolean;
  readonly mode: "paper" | "live" | null;
  readonly mcpUrl: string | null;
}
export interface ServerTest {
  readonly ok: boolean;
  /** Each stage in order, with what was seen. */
  readonly steps: readonly { readonly title: string; readonly ok: boolean | null; readonly detail: string }[];
  readonly containers: readonly FoundContainer[];
}
export interface ResolvedAlias {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  readonly jumps: readonly string[];
  readonly notes: readonly string[];
}
export interface LogLine {
  readonly text: string;
  readonly source: "stdout" | "stderr";
  /** Marked where a log-in phase begins. */
  readonly phase: string | null;
}
export interface ScreenOpened {
  readonly screen: string;
  /** Single use, 30 s: attaches this link's byte channel to the screen. */
  readonly ticket: string;
  readonly desktopName: string;
  /** Viewers of this gateway's screen in Gatelight, this one included: more than one share mouse and keyboard. */
  readonly viewers: number;
}
export interface ScreenProgress {
  readonly screen: string;
  readonly step: ScreenStep;
  readonly detail: string;
  readonly failure: { readonly kind: ScreenFailure; readonly message: string } | null;
  /** Another viewer of this gateway's screen came or went: so many there are now, this one included. */
  readonly viewers?: number | undefined;
}

export const CONTRACT = {
  "settings.get": call<{ settings: Settings; file: string }>()(z.null()),
  /** Validated by Core; each fault names the path of its setting. Nothing is written unless `faults` is empty. */
  "settings.save": call<{ faults: string[] }>()(z.unknown()),
  "server.resolve": call<ResolvedAlias>()(z.strictObject({ host: z.string().min(1).max(253) })),
  "server.test": call<ServerTest>()(server),
  "link.reconnect": call<null>()(z.strictObject({ server: id })),
  "look.now": call<null>()(gatewayRef),
  "prompt.answer": call<null>()(z.strictObject({ id, values: z.record(z.string().max(64), secret), remember: z.boolean() })),
  "prompt.dismiss": call<null>()(z.strictObject({ id })),
  "notice.dismiss": call<null>()(z.strictObject({ id })),
  /** `minutes` null: until asked back. `stopGateway`: also stops the gateway's container. */
  "session.release": call<null>()(z.strictObject({ server: id, gateway: id, minutes: z.number().int().min(1).max(1440).nullable(), stopGateway: z.boolean() })),
  "session.resume": call<null>()(gatewayRef),
  "screen.open": call<ScreenOpened>()(z.strictObject({ server: id, gateway: id, screen: id })),
  "screen.close": call<null>()(z.strictObject({ screen: id })),
  /** The viewer saw the picture painted, or nothing but one colour for 5 s. */
  "screen.picture": call<null>()(z.strictObject({ screen: id, picture: z.enum(["painted", "black"]) })),
  "secret.forget": call<null>()(gatewayRef),
  "repair.plan": call<RepairPlan>()(z.strictObject({ server: id, gateway: id, repair: z.enum(REPAIRS) })),
  "repair.start": call<{ run: string }>()(
    z.strictObject({ planId: id, confirmations: z.number().int().min(1).max(2), typedName: z.string().max(200).nullable() }),
  ),
  "repair.cancel": call<null>()(gatewayRef),
  "log.tail": call<{ lines: LogLine[]; truncated: boolean }>()(z.strictObject({ server: id, gateway: id, lines: z.number().int().min(1).max(2000) })),
  "history.curve": call<CurvePoint[]>()(
    z.strictObject({ server: id, gateway: id, account: z.string().max(32), from: z.number().int().min(0), points: z.number().int().min(2).max(5000) }),
  ),
  "history.incidents": call<Incident[]>()(z.strictObject({ server: id, gateway: id, limit: z.number().int().min(1).max(1000) })),
  "export.csv": call<{ name: string; text: string }>()(z.strictObject({ server: id, gateway: id, what: z.enum(["positions", "summary", "curve"]) })),
  "report.create": call<{ text: string }>()(z.strictObject({ showNames: z.boolean() })),
  "mcp.callTool": call<{ ok: boolean; detail: string }>()(gatewayRef),
  /** Brings a window up, as a second start does: the desktop's own or one in the person's browser. */
  "app.show": call<null>()(z.null()),
  "app.quit": call<null>()(z.null()),
  "simulation.play": call<null>()(z.strictObject({ scenario: id })),
} satisfies Record<string, CallSpec>;

export type Contract = typeof CONTRACT;
export type CallName = keyof Contract;
export type CallInput<N extends CallName> = z.input<Contract[N]["input"]>;
export type CallParsed<N extends CallName> = z.output<Contract[N]["input"]>;
export type CallResult<N extends CallName> = Exclude<Contract[N]["result"], undefined>;
/** What Core offers: one handler a call, input already parsed. */
export type Handlers = { readonly [N in CallName]: (input: CallParsed<N>, context: CallContext) => Promise<CallResult<N>> };
export interface CallContext {
  /** Aborted when the caller cancels, its link ends or the deadline passes. */
  readonly signal: AbortSignal;
  /** The window's link: screens and tickets belong to it. */
  readonly link: string;
}
