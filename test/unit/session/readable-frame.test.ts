import { EventName } from "@stoqey/ib/dist/api/data/enum/event-name.js";
import { describe, expect, it } from "vitest";
import { createLibraryLink } from "../../../electron/core/session/library-link.ts";
import { readableFrame } from "../../../electron/core/session/readable-frame.ts";
import { frame } from "../../support/tws-server.ts";

const VERSION = frame(193, "20261124 10:00:00 CET");

describe("what is handed to the decoder", () => {
  it("is the frame itself, where it is like any other", () => {
    const usual = frame(63, 1, 1, "DU1234567", "NetLiquidation", "1000.10", "USD");
    expect(readableFrame(usual, 63)).toBe(usual);
    expect(readableFrame(frame(4, 2, -1, 2104, "farm is OK: üß", ""), 4)).toEqual(frame(4, 2, -1, 2104, "farm is OK: üß", ""));
    expect(readableFrame(frame(4, 2, -1, 2104, "an older version"), 4)).toEqual(frame(4, 2, -1, 2104, "an older version"));
  });

  it("never has more fields than a message can have", () => {
    expect(readableFrame(frame(64, ...Array<string>(63).fill("1")), 64)).toBeInstanceOf(Buffer);
    expect(() => readableFrame(frame(64, ...Array<string>(64).fill("")), 64)).toThrow("more than 64 fields");
  });

  it("has no long text and no reject reasons, so that neither can hold or throw", () => {
    const link = createLibraryLink(901, () => undefined);
    const told: unknown[] = [];
    link.api.on(EventName.info, (text, code) => told.push([code, text.length]));
    link.api.on(EventName.error, (error, code) => told.push([code, error.message]));
    link.open();
    link.deliver(VERSION);
    const bad = frame(4, 2, 5, 201, "rejected", "{no json");
    expect(() => {
      const fresh = createLibraryLink(901, () => undefined);
      fresh.open();
      fresh.deliver(VERSION);
      fresh.deliver(bad);
    }, "the library's own behaviour, which this guards against").toThrow();
    link.deliver(readableFrame(bad, 4));
    link.deliver(readableFrame(frame(4, 2, -1, 2104, "\\u0041".repeat(10_000), ""), 4));
    link.deliver(readableFrame(frame(4, 2, -1, 1100, "lost", ""), 4));
    expect(told).toEqual([
      [201, "rejected"],
      [2104, 335],
      [1100, 4],
    ]);
    link.cut();
  });
});
