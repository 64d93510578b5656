import { afterEach, describe, expect, it } from "vitest";
import { createClientLink } from "../../../renderer/api/client-link.ts";
import type { Link } from "../../../renderer/api/link.ts";
import { takeToken } from "../../../renderer/api/socket-link.ts";
import { CLOSE, LinkError, type Pipe, portPipe, type ServedLink, serveLink } from "../../../shared/rpc.ts";
import type { Snapshot } from "../../../shared/snapshot.ts";
import { BARE_SNAPSHOT, notice, someHandlers, testDoor, until } from "../../support/contract-fixture.ts";

/** A Core with one snapshot, over real message ports; each `open` is a new window. */
function core() {
  const served: ServedLink[] = [];
  const snapshot: Snapshot = { ...BARE_SNAPSHOT, revision: 1, notices: [notice("hello")] };
  const { door, listeners } = testDoor();
  const store = { current: snapshot, subscribe: () => () => undefined };
  const open = async (): Promise<Pipe> => {
    const { port1, port2 } = new MessageChannel();
    served.push(
      serveLink(portPipe(port1), {
        handlers: someHandlers({ "settings.save": async () => ({ faults: ["a: b"] }) }),
        store,
        screens: door,
        linkId: `link-${served.length}`,
      }),
    );
    return portPipe(port2);
  };
  return { open, served, listeners };
}

describe("the window's link", () => {
  let link: Link | null = null;
  afterEach(() => link?.dispose());

  it("shows the first snapshot, answers calls, and opens again by itself when it is lost", async () => {
    const { open, served } = core();
    link = createClientLink({ open, random: () => 0 });
    const mine = link;
    const states: string[] = [];
    mine.state.subscribe(() => states.push(mine.state.get().kind));
    await until("open", () => mine.state.get().kind === "open");
    expect(mine.snapshot.get()?.notices[0]?.id).toBe("hello");
    expect(await mine.call("settings.save", {})).toEqual({ faults: ["a: b"] });
    served[0]?.close(CLOSE.away, "restarting");
    await until("lost and open again", () => states.join() === "open,lost,open");
    expect(served).toHaveLength(2);
    expect(mine.snapshot.get()?.notices).toHaveLength(1);
  });

  it("keeps the last snapshot and refuses calls in words while it is lost", async () => {
    const { open, served } = core();
    let attempts = 0;
    const once = () => {
      attempts += 1;
      return attempts === 1 ? open() : Promise.reject(new LinkError(CLOSE.away, "refused"));
    };
    link = createClientLink({ open: once, random: () => 0 });
    const mine = link;
    await until("open", () => mine.state.get().kind === "open");
    served[0]?.close(CLOSE.away, "gone");
    await until("lost", () => mine.state.get().kind === "lost");
    await expect(mine.call("settings.get", null)).rejects.toThrow("Gatelight cannot be reached just now.");
    expect(mine.snapshot.get()?.revision).toBe(1);
  });

  it("does not knock again with a token that was refused, until the person asks", async () => {
    let attempts = 0;
    const refuse = () => {
      attempts += 1;
      return Promise.reject(new LinkError(CLOSE.token, "the token is missing or wrong"));
    };
    link = createClientLink({ open: refuse, random: () => 0 });
    const mine = link;
    await until("refused", () => mine.state.get().kind === "lost");
    expect(mine.state.get()).toMatchObject({ fatal: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(attempts).toBe(1);
    mine.retry();
    await until("asked again", () => attempts === 2);
  });

  it("passes on the progress of the screen that was asked for, and of no other", async () => {
    const { open, listeners } = core();
    link = createClientLink({ open, random: () => 0 });
    const mine = link;
    await until("open", () => mine.state.get().kind === "open");
    const steps: string[] = [];
    mine.onScreenProgress("a", (progress) => steps.push(progress.step));
    const tell = listeners.get("link-0");
    for (const screen of ["b", "a"]) tell?.({ screen, step: screen === "a" ? "dial" : "login", detail: "", failure: null });
    await until("progress", () => steps.length > 0);
    expect(steps).toEqual(["dial"]);
  });
});

describe("the token", () => {
  function page(hash: string) {
    const kept = new Map<string, string>();
    const shown: string[] = [];
    const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
    return { kept, shown, take: () => takeToken({ hash, pathname: "/", search: "", replace: (path) => shown.push(path), storage }) };
  }
  const token = "A".repeat(43);
  it("is taken out of the address at once and kept for this tab", () => {
    const first = page(`#token=${token}`);
    expect(first.take()).toBe(token);
    expect(first.shown).toEqual(["/"]);
    expect([...first.kept.values()]).toEqual([token]);
  });
  it("is read from the tab afterwards, and is never a route or rubbish", () => {
    const later = page("#/overview");
    expect(later.take()).toBeNull();
    later.kept.set("gatelight.token", token);
    expect(later.take()).toBe(token);
    expect(later.shown).toEqual([]);
    expect(page("#token=short").take()).toBeNull();
  });
});
