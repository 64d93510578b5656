import type { Duplex } from "node:stream";
import { type ByteReader, createByteReader } from "./byte-reader.ts";
import { ScreenError } from "./screen-error.ts";
import { vncResponse } from "./vnc-response.ts";

/**
 * Logs in to an RFB server (RFC 6143 §7.1 to §7.3; 3.3, 3.7 and 3.8) and reads the picture's size and name, so that the viewer can be
 * given a session that needs no password. Everything a server may say is bounded.
 */

export type RfbVersion = "3.3" | "3.7" | "3.8";
export interface RfbSession {
  readonly version: RfbVersion;
  readonly security: "none" | "vnc";
  /** As sent, to be shown to the viewer in its own handshake. */
  readonly serverInit: Buffer;
  readonly desktopName: string;
  readonly width: number;
  readonly height: number;
}
export type RfbOutcome =
  | { readonly kind: "in"; readonly session: RfbSession }
  /** The server wants a password and none was given: nothing was tried. */
  | { readonly kind: "password-needed" }
  | { readonly kind: "password-wrong"; readonly version: RfbVersion; readonly reason: string };

const NONE = 1;
const VNC = 2;
const MAX_REASON = 2048;
const MAX_NAME = 4096;
const MAX_SIDE = 16_384;
/** More pixels than two screens of 4K (64 MiB of them, and the viewer holds several times as many) are a lie or unusable. */
const MAX_PIXELS = 4096 * 4096;

/** Numbers of the IANA register "RFB security types" that servers are met with. */
const SECURITY_NAMES: Readonly<Record<number, string>> = {
  5: "RealVNC's RA2",
  6: "RealVNC's RA2ne",
  13: "RealVNC's RA2 (256 bits)",
  16: "Tight",
  17: "UltraVNC's",
  18: "TLS",
  19: "VeNCrypt (TLS)",
  20: "SASL",
  21: "MD5",
  22: "xvp",
  30: "Apple's Screen Sharing (user name and password)",
  35: "Apple's",
  113: "UltraVNC's MS-Logon",
  129: "RSA-AES (256 bits)",
};

/**
 * @param options.password `null`: not known
 * @param options.signal ends it: its reason is thrown
 * @throws ScreenError `wrong-service`, `unsupported`, `closed`, `too-many-attempts`, `no-password-set`
 */
export async function rfbLogin(stream: Duplex, options: { password: string | null; signal: AbortSignal }): Promise<RfbOutcome> {
  const reader = createByteReader(stream, options.signal);
  try {
    const version = await agreeOnVersion(stream, reader);
    const security = await agreeOnSecurity(stream, reader, version);
    if (security === "vnc") {
      const challenge = await reader.read(16, "its challenge");
      if (options.password === null) return { kind: "password-needed" };
      stream.write(vncResponse(options.password, challenge));
    }
    // Before 3.8 there is no verdict where nothing was to be proven.
    if (security === "vnc" || version === "3.8") {
      const refusal = await verdict(reader, version);
      if (refusal !== null) return { kind: "password-wrong", version, reason: refusal };
    }
    // ClientInit: share the desktop with other viewers.
    stream.write(Buffer.from([1]));
    return { kind: "in", session: { version, security, ...(await readServerInit(reader)) } };
  } finally {
    reader.release();
  }
}

async function agreeOnVersion(stream: Duplex, reader: ByteReader): Promise<RfbVersion> {
  const first = await reader.read(4, "it said what it is");
  if (first.toString("latin1") !== "RFB ") throw new ScreenError("wrong-service", `no screen server answers there: it began with ${quote(first)}`);
  const rest = (await reader.read(8, "its version")).toString("latin1");
  const found = /^(\d{3})\.(\d{3})\n$/.exec(rest);
  const major = Number(found?.[1]);
  const minor = Number(found?.[2]);
  if (found === null || major < 3)
    throw new ScreenError("unsupported", `the screen's server speaks ${quote(Buffer.from(`RFB ${rest}`, "latin1"))}, which is no usable version of RFB`);
  // 4.x and 5.x (RealVNC) and 3.889 (Apple) take 3.8; whatever else is below 3.7 is 3.3 (RFC 6143 §7.1.1).
  const version = major > 3 || minor >= 8 ? "3.8" : minor === 7 ? "3.7" : "3.3";
  stream.write(`RFB 003.00${version.slice(2)}\n`);
  return version;
}

async function agreeOnSecurity(stream: Duplex, reader: ByteReader, version: RfbVersion): Promise<"none" | "vnc"> {
  const offered =
    version === "3.3"
      ? [(await reader.read(4, "its security type")).readUInt32BE()]
      : [...(await reader.read((await reader.read(1, "its security types")).readUInt8(), "its security types"))];
  if (offered.length === 0 || (version === "3.3" && offered[0] === 0)) throw refusedBecause(await readReason(reader));
  const chosen = offered.includes(NONE) ? NONE : offered.includes(VNC) ? VNC : null;
  if (chosen === null) {
    const names = offered.map((type) => SECURITY_NAMES[type] ?? `type ${type}`).join(", ");
    throw new ScreenError("unsupported", `the screen's server offers only ${names} security; Gatelight can do a VNC password or none`);
  }
  if (version !== "3.3") stream.write(Buffer.from([chosen]));
  return chosen === NONE ? "none" : "vnc";
}

/** @returns why the password was refused, `null` when it was accepted */
async function verdict(reader: ByteReader, version: RfbVersion): Promise<string | null> {
  const result = (await reader.read(4, "its verdict")).readUInt32BE();
  if (result === 0) return null;
  if (result > 2) throw new ScreenError("unsupported", `the screen's server answered the log-in with an unknown code (${result})`);
  const reason = version === "3.8" ? await readReason(reader).catch(orNothing) : "";
  const error = refusedBecause(reason);
  if (result === 2 || error.kind === "too-many-attempts")
    throw new ScreenError("too-many-attempts", error.kind === "too-many-attempts" ? error.message : TOO_MANY);
  if (error.kind === "no-password-set") throw error;
  return reason;
}

/** Some servers close without giving the reason the protocol promises. */
function orNothing(error: unknown): string {
  if (error instanceof ScreenError && error.kind === "closed") return "";
  throw error;
}

const TOO_MANY = "the screen's server refuses log-ins for a while after too many failed ones";

function refusedBecause(reason: string): ScreenError {
  const said = reason === "" ? "without a reason" : `saying: ${reason}`;
  if (/too many/i.test(reason)) return new ScreenError("too-many-attempts", `${TOO_MANY} (${reason})`);
  if (/no password (is )?(configured|set)|password.*not (set|configured)/i.test(reason)) {
    return new ScreenError("no-password-set", `the screen's server wants a password but has none set (${reason})`);
  }
  return new ScreenError("closed", `the screen's server refused the connection ${said}`);
}

async function readReason(reader: ByteReader): Promise<string> {
  const length = (await reader.read(4, "its reason")).readUInt32BE();
  // A longer one is cut: the connection ends here anyway.
  return printable(await reader.read(Math.min(length, MAX_REASON), "its reason"));
}

async function readServerInit(reader: ByteReader): Promise<Pick<RfbSession, "serverInit" | "desktopName" | "width" | "height">> {
  const head = await reader.read(24, "the picture's size");
  const width = head.readUInt16BE(0);
  const height = head.readUInt16BE(2);
  const bits = head.readUInt8(4);
  const nameLength = head.readUInt32BE(20);
  if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
    throw new ScreenError("unsupported", `the screen's server claims a picture of ${width} × ${height} pixels`);
  }
  if (![8, 16, 32].includes(bits)) throw new ScreenError("unsupported", `the screen's server claims ${bits} bits a pixel`);
  if (nameLength > MAX_NAME) throw new ScreenError("unsupported", `the screen's server claims a name of ${nameLength} bytes`);
  const name = await reader.read(nameLength, "the desktop's name");
  return { serverInit: Buffer.concat([head, name]), desktopName: printable(name), width, height };
}

const printable = (bytes: Buffer) =>
  bytes
    .toString("utf8")
    .replace(/\p{C}+/gu, " ")
    .trim();
const quote = (bytes: Buffer) => JSON.stringify(bytes.toString("latin1").replace(/[^ -~]/g, "·"));
