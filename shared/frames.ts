import "./no-eval.ts";
import { z } from "zod";
import type { ScreenProgress } from "./contract.ts";
import type { PatchOp } from "./patch.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * What travels between a window and Core: JSON text frames, and binary frames (4 bytes channel number, big-endian, then the bytes of
 * that channel). Both ends check every frame.
 */

export const PROTOCOL = 1;
export const LIMITS = {
  /** Characters of a text frame towards Core. */
  textIn: 1024 * 1024,
  /** Characters of a text frame towards the window. */
  textOut: 4 * 1024 * 1024,
  /** Bytes of a binary frame without its channel number. */
  binary: 256 * 1024,
  callsInFlight: 64,
  channels: 16,
  /** Bytes a side may send on a channel before the other side grants more. */
  channelWindow: 1024 * 1024,
  /** Bytes waiting in a pipe, beyond which the reader counts as dead. */
  backlog: 24 * 1024 * 1024,
  /** Malformed frames, after which a link is closed. */
  faults: 16,
  longestDeadlineMs: 600_000,
} as const;

/** Why a link was closed, as WebSocket close codes; message ports send the same numbers. */
export const CLOSE = { normal: 1000, away: 1001, protocol: 4400, token: 4401, slow: 4408, silent: 4409, full: 4429 } as const;

export const CALL_ERRORS = ["unknown-call", "bad-input", "busy", "too-large", "cancelled", "deadline", "failed", "closed"] as const;
export type CallErrorCode = (typeof CALL_ERRORS)[number];

const callId = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const channel = z.number().int().min(1).max(0xffff_ffff);
const revision = z.number().int().min(0);
const reason = z.string().max(500);
const credit = z.strictObject({ t: z.literal("credit"), channel, bytes: z.number().int().min(1).max(LIMITS.channelWindow) });
const end = z.strictObject({ t: z.literal("end"), channel, reason });

export const toCore = z.discriminatedUnion("t", [
  z.strictObject({
    t: z.literal("call"),
    id: callId,
    name: z.string().max(64),
    input: z.unknown(),
    deadlineMs: z.number().int().min(1).max(LIMITS.longestDeadlineMs).optional(),
  }),
  z.strictObject({ t: z.literal("cancel"), id: callId }),
  /** The window has taken the state of that revision; the next one may follow. */
  z.strictObject({ t: z.literal("seen"), revision }),
  /** The window missed something and asks for the whole state. */
  z.strictObject({ t: z.literal("resync") }),
  z.strictObject({ t: z.literal("attach"), ticket: z.string().min(1).max(128), channel }),
  credit,
  end,
  z.strictObject({ t: z.literal("ping"), n: z.number().int().min(0) }),
]);
export type ToCore = z.output<typeof toCore>;

const key = z.union([z.string().max(512), z.number().int().min(0).max(1_000_000)]);
const path = z.array(key).max(32);
const op: z.ZodType<PatchOp> = z.union([
  z.strictObject({ path, cut: z.number().int().min(0) }),
  z.strictObject({ path, drop: z.literal(true) }),
  z.strictObject({ path, set: z.unknown() }),
]);

/** Shape enough to be drawn: the rest is Core's own writing. */
export function isSnapshot(value: unknown): value is Snapshot {
  const list = (name: string) => typeof value === "object" && value !== null && Array.isArray(Reflect.get(value, name));
  return list("servers") && list("prompts") && list("notices") && Number.isSafeInteger(Reflect.get(Object(value), "revision"));
}

const progress: z.ZodType<ScreenProgress> = z.strictObject({
  screen: z.string().max(64),
  step: z.enum(["server", "address", "dial", "login", "picture"]),
  detail: z.string(),
  failure: z
    .strictObject({
      kind: z.enum([
        "link",
        "forbidden",
        "no-address",
        "refused",
        "silent",
        "wrong-service",
        "password-missing",
        "password-wrong",
        "too-many-attempts",
        "no-password-set",
        "unsupported",
        "closed",
        "cancelled",
      ]),
      message: z.string(),
    })
    .nullable(),
  viewers: z.number().int().min(1).max(10_000).optional(),
});

export const toWindow = z.discriminatedUnion("t", [
  z.strictObject({ t: z.literal("hello"), protocol: z.number().int(), link: z.string().max(64) }),
  z.strictObject({ t: z.literal("result"), id: callId, value: z.unknown() }),
  z.strictObject({
    t: z.literal("error"),
    id: callId,
    code: z.enum(CALL_ERRORS),
    message: z.string(),
    faults: z.array(z.string()).optional(),
  }),
  /** A frame that could not be read and belongs to no call. */
  z.strictObject({ t: z.literal("fault"), message: z.string() }),
  z.strictObject({ t: z.literal("snapshot"), snapshot: z.custom<Snapshot>(isSnapshot, "not a snapshot") }),
  z.strictObject({ t: z.literal("patch"), from: revision, to: revision, ops: z.array(op) }),
  z.strictObject({ t: z.literal("progress"), progress }),
  credit,
  end,
  z.strictObject({ t: z.literal("pong"), n: z.number().int().min(0) }),
]);
export type ToWindow = z.output<typeof toWindow>;

export type Read<T> = { readonly ok: true; readonly frame: T } | { readonly ok: false; readonly message: string; readonly id: number | null };

/** Reads one text frame. The answer never repeats what was sent: it may hold a secret. */
export function readFrame<T>(schema: z.ZodType<T>, text: string, limit: number): Read<T> {
  if (text.length > limit) return { ok: false, message: `a frame of ${text.length} characters; at most ${limit} are allowed`, id: null };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, message: "a frame that is not JSON", id: null };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, frame: parsed.data };
  const id = callId.safeParse(typeof value === "object" && value !== null ? Reflect.get(value, "id") : null);
  return { ok: false, message: `a malformed frame: ${parsed.error.issues.map(describe).slice(0, 5).join("; ")}`, id: id.success ? id.data : null };
}

function describe(issue: z.core.$ZodIssue): string {
  return `${issue.path.map(String).join(".") || "frame"}: ${issue.code === "unrecognized_keys" ? "unknown key" : issue.message}`;
}

/** @returns a buffer of its own: nothing of the chunk's (often larger) memory travels along */
export function binaryFrame(channelId: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(4 + bytes.length);
  new DataView(frame.buffer).setUint32(0, channelId);
  frame.set(bytes, 4);
  return frame;
}

/** @returns `null` for a frame too short or too long to be one */
export function readBinary(frame: Uint8Array): { channel: number; bytes: Uint8Array } | null {
  if (frame.length < 4 || frame.length > 4 + LIMITS.binary) return null;
  return { channel: new DataView(frame.buffer, frame.byteOffset, 4).getUint32(0), bytes: frame.subarray(4) };
}
