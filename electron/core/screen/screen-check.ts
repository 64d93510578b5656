import type { Duplex } from "node:stream";
import type { Clock } from "../clock.ts";
import type { HostAddress, HostLink } from "../host-link/host-link.ts";
import { createByteReader } from "./byte-reader.ts";
import { type RfbSession, rfbLogin } from "./rfb-login.ts";
import { ScreenError } from "./screen-error.ts";
import type { ScreenReport } from "./screen-ports.ts";
import { within } from "./within.ts";

const DIAL_MS = 6_000;
const LOGIN_MS = 6_000;
const PICTURE_MS = 8_000;
/** A screen that shows one colour is looked at once more after this (ms): a desktop may just be starting. */
const SECOND_LOOK_MS = 2_000;
const MAX_CUT_TEXT = 1 << 20;
/** Smallest rows asked for at a time, so that one update never holds more than a few megabytes. */
const MAX_PIXELS = 2_000_000;

/**
 * Logs in once with a password that is known, looks whether anything is painted, and leaves: for the command line, where no person opens
 * the screen. Nothing is asked, nothing is tried twice.
 * @throws ScreenError, DialError
 */
export async function checkScreen(options: {
  link: HostLink;
  address: HostAddress;
  password: string;
  clock: Clock;
  signal: AbortSignal;
  report: (report: ScreenReport) => void;
}): Promise<void> {
  const { clock, signal, report } = options;
  const stream = await options.link.dial(options.address, { deadlineMs: DIAL_MS, signal });
  stream.on("error", () => undefined);
  try {
    const outcome = await within(clock, signal, LOGIN_MS, new ScreenError("silent", "the screen's server did not finish the log-in"), (inner) =>
      rfbLogin(stream, { password: options.password, signal: inner }),
    );
    if (outcome.kind === "password-needed") return;
    if (outcome.kind === "password-wrong") return report({ kind: "login", version: outcome.version, login: "refused" });
    report({ kind: "login", version: outcome.session.version, login: "accepted" });
    const late = new ScreenError("silent", "the screen's server sent no picture");
    const look = () => within(clock, signal, PICTURE_MS, late, (inner) => isPainted(stream, outcome.session, inner));
    prepare(stream);
    let painted = await look();
    if (!painted) {
      await new Promise<void>((resolve) => clock.after(SECOND_LOOK_MS, resolve));
      painted = await look();
    }
    report({ kind: "picture", picture: painted ? "painted" : "black" });
  } finally {
    stream.destroy();
  }
}

/** 32 bits a pixel, raw encoding: every server has to offer both (RFC 6143 §7.4, §7.7.1). */
function prepare(stream: Duplex): void {
  stream.write(Buffer.from([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]));
  stream.write(Buffer.from([2, 0, 0, 1, 0, 0, 0, 0]));
}

/** Whether one update holds two different pixels. @throws ScreenError for bytes that are no update of the size asked for */
async function isPainted(stream: Duplex, session: RfbSession, signal: AbortSignal): Promise<boolean> {
  const height = Math.max(1, Math.min(session.height, Math.floor(MAX_PIXELS / Math.max(1, session.width))));
  const request = Buffer.alloc(10);
  request[0] = 3;
  request.writeUInt16BE(session.width, 6);
  request.writeUInt16BE(height, 8);
  stream.write(request);
  const reader = createByteReader(stream, signal);
  try {
    for (;;) {
      const kind = (await reader.read(1, "an update"))[0];
      if (kind === 0) return await hasTwoColours(reader, session, height);
      if (kind === 2) continue;
      if (kind === 1) await reader.read((await colours(reader)) * 6, "colours");
      else if (kind === 3) {
        const length = (await reader.read(7, "a clipboard")).readUInt32BE(3);
        if (length > MAX_CUT_TEXT) throw new ScreenError("closed", "the screen's server sent an absurd clipboard");
        await reader.read(length, "a clipboard");
      } else throw new ScreenError("closed", `the screen's server sent a message of unknown kind ${kind}`);
    }
  } finally {
    reader.release();
  }
}

const colours = async (reader: ReturnType<typeof createByteReader>): Promise<number> => (await reader.read(5, "colours")).readUInt16BE(3);

async function hasTwoColours(reader: ReturnType<typeof createByteReader>, session: RfbSession, height: number): Promise<boolean> {
  const rectangles = (await reader.read(3, "an update")).readUInt16BE(1);
  let first: number | null = null;
  let budget = session.width * height;
  let painted = false;
  for (let index = 0; index < rectangles; index++) {
    const head = await reader.read(12, "a rectangle");
    const pixels = head.readUInt16BE(4) * head.readUInt16BE(6);
    budget -= pixels;
    if (head.readInt32BE(8) !== 0 || budget < 0) throw new ScreenError("closed", "the screen's server sent a rectangle that was not asked for");
    const data = await reader.read(pixels * 4, "a picture");
    for (let at = 0; at < data.length && !painted; at += 4) {
      const pixel = data.readUInt32LE(at) & 0xffffff;
      first ??= pixel;
      painted = pixel !== first;
    }
  }
  return painted;
}
