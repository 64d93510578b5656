import { describe, expect, it } from "vitest";
import { DialError } from "../../../electron/core/host-link/host-link.ts";
import { type ConnectionEnd, describeEnd, kindOfDialError, kindOfEnd, newPortOf } from "../../../electron/core/session/attempt-end.ts";

const end = (part: Partial<ConnectionEnd>): ConnectionEnd => ({
  step: "version",
  sinceHelloMs: 5,
  how: "eof",
  linkUp: null,
  clientIdInUse: false,
  newPort: null,
  portReset: false,
  ...part,
});

describe("what the end of a connection means", () => {
  it.each<[ReturnType<typeof kindOfEnd>, Partial<ConnectionEnd>]>([
    ["closed-at-once", {}],
    ["closed-at-once", { sinceHelloMs: 2000, how: "reset" }],
    ["closed-late", { sinceHelloMs: 2001 }],
    ["closed-late", { sinceHelloMs: 131_000 }],
    ["closed-after-start", { step: "ready" }],
    ["client-id-in-use", { step: "ready", clientIdInUse: true }],
    ["closed", { step: "up" }],
    ["closed", { step: "up", how: "reset", linkUp: true }],
    ["port-changed", { step: "up", portReset: true, newPort: 4012 }],
    ["link-lost", { step: "up", linkUp: false }],
    ["link-lost", { step: "version", linkUp: false }],
    ["link-lost", { step: "up", how: "torn" }],
    ["link-lost", { step: "up", how: "torn", linkUp: true }],
  ])("%s", (kind, part) => {
    expect(kindOfEnd(end(part))).toBe(kind);
    expect(describeEnd(kind, end(part))).toMatch(/^[a-z].{10,}/);
  });

  it("every reason of a dial has its kind", () => {
    const kinds = (["refused", "forbidden", "timeout", "link-down", "unreachable", "name-not-found", "aborted", "other"] as const).map((reason) =>
      kindOfDialError(new DialError(reason, "")),
    );
    expect(kinds).toEqual(["dial-refused", "dial-forbidden", "dial-timeout", "link-lost", "dial-failed", "dial-failed", "dial-failed", "dial-failed"]);
  });

  it("reads the new port of 1300", () => {
    expect(newPortOf("Socket port has been reset and this connection is being dropped. Please reconnect on the new port -4012")).toBe(4012);
    expect(newPortOf("reconnect on the new port - 7497.")).toBe(7497);
    expect(newPortOf("reconnect on the new port")).toBeNull();
    expect(newPortOf("port 99999")).toBeNull();
  });
});
