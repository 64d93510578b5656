import type { Duplex } from "node:stream";
import type { Clock } from "../clock.ts";
import type { HostAddress, HostLink } from "../host-link/host-link.ts";
import { type ByteReader, createByteReader } from "./byte-reader.ts";
import { createPictureTally, type PictureTally } from "./picture-tally.ts";
import { type RfbSession, rfbLogin } from "./rfb-login.ts";
import { ScreenError } from "./screen-error.ts";
import type { ScreenReport } from "./screen-ports.ts";
import { within } from "./within.ts";

const DIAL_MS = 6_000;
const LOGIN_MS = 6_000;
const PICTURE_MS = 12_000;
/** A screen that shows one colour is looked at for so long (ms): a desktop may just be starting. */
const SECOND_LOOK_MS = 2_000;
const MAX_CUT_TEXT = 1 << 20;
/** So much is asked for at a time, so that one update never holds more than a few megabytes; of a larger picture the rows in its middle. */
const MAX_PIXELS = 2_000_000;
/** Enough to find a window, and under half a megabyte. */
const GLANCE_PIXELS = 100_000;
const RAW = 0;
const CURSOR = -239;

/**
 * Logs in once with a password that is known, looks whether anything is painted, and leaves: where no person opens the screen.
 * Nothing is asked, nothing is tried twice.
 * @throws ScreenError, DialError
 */
export async function checkScreen(options: {
  link: HostLink;
  address: HostAddress;
  password: string;
  clock: Clock;
  signal: AbortSignal;
  /** Only a few rows in the middle, and nothing is waited for. */
  glance?: boolean;
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
    prepare(stream);
    const look = createLook(stream, outcome.session, options.glance ? GLANCE_PIXELS : MAX_PIXELS);
    const late = new ScreenError("silent", "the screen's server sent no picture");
    const painted =
      (await within(clock, signal, PICTURE_MS, late, (inner) => look(inner, "all"))) || (!options.glance && (await getsPainted(look, clock, signal)));
    report({ kind: "picture", picture: painted ? "painted" : "black" });
  } finally {
    stream.destroy();
  }
}

/**
 * 32 bits a pixel, raw encoding: every server has to offer both (RFC 6143 §7.4, §7.7.1). With the Cursor pseudo-encoding (§7.8.1) the server
 * sends its pointer apart instead of painting it into the picture.
 */
function prepare(stream: Duplex): void {
  stream.write(Buffer.from([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]));
  const encodings = Buffer.from([2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
  encodings.writeInt32BE(CURSOR, 8);
  stream.write(encodings);
}

/**
 * Asks for the picture's middle, or for what changes in it, and reads until some of it came.
 * @returns whether more than a pointer was seen so far @throws ScreenError for bytes that are no update of what was asked for
 */
type Look = (signal: AbortSignal, what: "all" | "changes") => Promise<boolean>;

/**
 * Waits a while for something to be painted. Only changes are asked for, as a viewer does: x11vnc leaves a second request for a whole picture
 * in which nothing changes unanswered for up to ten seconds and more.
 */
async function getsPainted(look: Look, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const over = new Error("nothing was painted meanwhile");
  try {
    return await within(clock, signal, SECOND_LOOK_MS, over, async (inner) => {
      while (!(await look(inner, "changes")));
      return true;
    });
  } catch (error) {
    if (error === over) return false;
    throw error;
  }
}

function createLook(stream: Duplex, session: RfbSession, maxPixels: number): Look {
  const { width } = session;
  const height = Math.max(1, Math.min(session.height, Math.floor(maxPixels / Math.max(1, width))));
  const request = Buffer.alloc(10);
  request[0] = 3;
  request.writeUInt16BE(Math.floor((session.height - height) / 2), 4);
  request.writeUInt16BE(width, 6);
  request.writeUInt16BE(height, 8);
  const tally = createPictureTally({ width, height });
  return async (signal, what) => {
    request[1] = what === "all" ? 0 : 1;
    stream.write(Buffer.from(request));
    const budget = { picture: width * height, pointers: MAX_PIXELS };
    const reader = createByteReader(stream, signal);
    try {
      while (!(await takeMessage(reader, budget, tally)));
      return tally.isPainted();
    } finally {
      reader.release();
    }
  };
}

/** @returns whether some of the picture came: an update that holds nothing but the pointer is not yet the answer */
async function takeMessage(reader: ByteReader, budget: Budget, tally: PictureTally): Promise<boolean> {
  const kind = (await reader.read(1, "an update"))[0];
  switch (kind) {
    case 0:
      return takeUpdate(reader, budget, tally);
    case 1:
      await reader.read((await reader.read(5, "colours")).readUInt16BE(3) * 6, "colours");
      return false;
    case 2:
      return false;
    case 3: {
      const length = (await reader.read(7, "a clipboard")).readUInt32BE(3);
      if (length > MAX_CUT_TEXT) throw new ScreenError("closed", "the screen's server sent an absurd clipboard");
      await reader.read(length, "a clipboard");
      return false;
    }
    default:
      throw new ScreenError("closed", `the screen's server sent a message of unknown kind ${kind}`);
  }
}

/** Pixels that may still come. */
interface Budget {
  picture: number;
  pointers: number;
}

/** @returns whether any of the picture came */
async function takeUpdate(reader: ByteReader, budget: Budget, tally: PictureTally): Promise<boolean> {
  const rectangles = (await reader.read(3, "an update")).readUInt16BE(1);
  let came = false;
  for (let index = 0; index < rectangles; index++) {
    const head = await reader.read(12, "a rectangle");
    const [x, y, width, height] = [head.readUInt16BE(0), head.readUInt16BE(2), head.readUInt16BE(4), head.readUInt16BE(6)];
    const encoding = head.readInt32BE(8);
    const pixels = width * height;
    if (encoding === CURSOR) budget.pointers -= pixels;
    else budget.picture -= pixels;
    if ((encoding !== RAW && encoding !== CURSOR) || budget.picture < 0 || budget.pointers < 0)
      throw new ScreenError("closed", "the screen's server sent a rectangle that was not asked for");
    if (encoding === CURSOR) await reader.read(pixels * 4 + Math.ceil(width / 8) * height, "a pointer");
    else tally.add({ x, y, width }, await reader.read(pixels * 4, "a picture"));
    came ||= encoding === RAW && pixels > 0;
  }
  return came;
}
