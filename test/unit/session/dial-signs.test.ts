import { describe, expect, it } from "vitest";
import type { GatewayEvidence } from "../../../electron/core/diagnosis/evidence.ts";
import { mayDial } from "../../../electron/core/may-dial.ts";
import { type DialSign, DialSigns, SERVED_MS } from "../../../electron/core/session/dial-signs.ts";
import {
  apiFailed,
  type Change,
  change,
  container,
  failure,
  healthy,
  linkRetries,
  listening,
  login,
  mcpSuffers,
  NOW,
  problem,
  processes,
  queue,
  ready,
  S,
  sockets,
} from "../diagnosis/evidence-builder.ts";

type Looks = readonly (readonly Change[])[];

/** Idle for a minute already, after an attempt in vain. */
const failed: Change = apiFailed("silent", { at: NOW - 60 * S });
const fresh: Change = (e, now) => ({ ...e, sockets: e.sockets === null ? null : { ...e.sockets, at: now } });
const api = (patch: Partial<NonNullable<GatewayEvidence["sockets"]>["value"]["api"]>): Change =>
  sockets({ api: { closeWaitOrphans: 0, closeWaitHeld: 0, synSent: 0, established: 4, ...patch } });
const brokerLines = (lines: number): Change => sockets({ brokerLines: lines });
const dialog = (open: boolean): Change => login((now) => ({ problems: open ? [problem("accept-dialog-open", 30 * S)(now)] : [] }));
const phase = (name: "authenticating" | "configured"): Change => login({ phase: name });
const silentUntil =
  (ago: number): Change =>
  (e, now) => {
    const last = failure("silent", now, { at: now - ago });
    return { ...e, api: { at: now, value: { kind: "idle", reason: "backing-off", until: now + 60 * S, last } } };
  };

/** Looks a second apart, each a state of its own (a healthy gateway but for the changes, and our own last attempt in vain). @returns the signs by look */
function signs(...looks: Looks): (DialSign | null)[] {
  const seen = new DialSigns();
  return looks.map((changes, index) => {
    const now = NOW + index * S;
    const evidence = change(failed, ...changes, fresh)(healthy(now), now);
    return seen.take(evidence, mayDial(evidence, now, 4_000), now);
  });
}
/** The sign of the last look. */
const last = (...looks: Looks) => signs(...looks).at(-1);
const times = (count: number, ...changes: readonly Change[]) => Array.from({ length: count }, () => changes);

const wedged = queue(3, [0, 1, 3]);
const free = queue(0, [3, 0]);

describe("what makes a dial worth its place in the hour", () => {
  it.each<[DialSign, Looks]>([
    ["new start", [[], [container({ pid: 4712 })]]],
    ["new start", [[], [container({ id: "beef01", pid: 99 })]]],
    // Away in between, however long.
    ["new start", [[], ...times(3, container({ status: "exited", pid: null })), [container({ pid: 4712 })]]],
    ["link back", [[], [linkRetries("timeout", "tcp")], []]],
    ["way opened", [[wedged], [wedged], [free]]],
    ["way opened", [[listening(4004, 5900)], []]],
    ["way opened", [[phase("authenticating"), listening(4004)], [phase("configured")]]],
    ["listener opened anew", [[api({ listener: 71 })], [api({ listener: 72 })]]],
    ["listener opened anew", [[api({ listener: 71 })], [sockets({})], [api({ listener: 72 })]]],
    ["process goes on", [[processes({ java: "stopped" })], [processes({ java: "running" })]]],
    ["process goes on", [[processes({ java: "stopped" })], [(e) => ({ ...e, processes: null })], [processes({ java: "running" })]]],
    ["requests are read again", [[api({ unread: 64 })], [api({ unread: 90 })], [api({ unread: 0 })]]],
    ["dialog closed", [[dialog(true)], [dialog(false)]]],
    ["logged in", [[phase("authenticating")], [phase("configured")]]],
    ["line to IBKR back", [[brokerLines(0)], [brokerLines(1)]]],
    ["MCP connected", [[mcpSuffers], []]],
    ["others served", [[api({ established: 2 })], ...times(SERVED_MS / S + 1, api({ established: 3 }))]],
  ])("%s", (sign, looks) => {
    expect(last(...looks)).toBe(sign);
    // The edge alone: the state that lasts is none.
    const [end] = looks.slice(-1);
    expect(last(...looks, end ?? [])).toBeNull();
  });

  it("the first look of all tells only whether the way is open", () => {
    expect(signs([])).toEqual(["way opened"]);
    expect(signs([wedged])).toEqual([null]);
  });

  it.each<[string, Looks]>([
    ["nothing changes", times(5)],
    ["a queue of one look: a healthy gateway empties it in a moment", [[], [wedged], [free]]],
    ["a queue that is still there", [[wedged], [wedged]]],
    ["requests unread for one look", [[api({})], [api({ unread: 64 })], [api({ unread: 0 })]]],
    ["requests that went away with those who sent them", [[api({ unread: 64 })], [api({ unread: 64 })], [api({ unread: 0, established: 3 })]]],
    ["requests that are still unread", [[api({ unread: 64 })], [api({ unread: 64 })], [api({ unread: 12 })]]],
    ["the process stops", [[processes({ java: "running" })], [processes({ java: "stopped" })]]],
    ["the process is gone", [[processes({ java: "stopped" })], [processes({ java: "absent" })]]],
    ["a dialog opens", [[dialog(false)], [dialog(true)]]],
    ["a dialog that our own attempt had opened closes with it", [[dialog(true)], [dialog(false), silentUntil(2 * S)]]],
    ["the line to IBKR is lost", [[brokerLines(1)], [brokerLines(0)]]],
    ["others who came and went", [[api({ established: 2 })], ...times(5, api({ established: 3 })), ...times(12, api({ established: 2 }))]],
    ["others who were there before", times(15, api({ established: 5 }))],
    ["others who wait in the queue", [[api({ established: 2 })], ...times(15, change(api({ established: 3 }), queue(1, [1])))]],
    ["sockets that cannot be read any more", [[api({ listener: 71 })], [(e) => ({ ...e, sockets: null })]]],
  ])("is not: %s", (_name, looks) => {
    expect(signs(...looks).slice(1)).toEqual(looks.slice(1).map(() => null));
  });

  it("others are no sign while one of them is us", () => {
    const connected = ready((now) => ({ since: now - 60 * S }));
    expect(last([api({ established: 2 }), connected], ...times(15, change(api({ established: 3 }), connected)))).toBeNull();
  });

  it("an old look opens nothing: what stood against a dial stands until a fresh one", () => {
    const seen = new DialSigns();
    const take = (now: number, lookedAt: number, ...changes: Change[]) => {
      const evidence = change(failed, ...changes, (e) => ({ ...e, sockets: e.sockets === null ? null : { ...e.sockets, at: lookedAt } }))(healthy(now), now);
      return seen.take(evidence, mayDial(evidence, now, 4_000), now);
    };
    expect(take(NOW, NOW, listening(4004, 5900))).toBeNull();
    expect(take(NOW + 8 * S, NOW, listening(4004, 5900))).toBeNull();
    expect(take(NOW + 9 * S, NOW + 9 * S)).toBe("way opened");
  });
});
