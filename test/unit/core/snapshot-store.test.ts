import { describe, expect, it } from "vitest";
import { createSnapshotStore } from "../../../electron/core/snapshot-store.ts";
import type { Snapshot } from "../../../shared/snapshot.ts";
import { BARE_SNAPSHOT, notice } from "../../support/contract-fixture.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function store() {
  const clock = new FakeClock();
  const published: Snapshot[] = [];
  const owned = createSnapshotStore(BARE_SNAPSHOT, clock);
  const stop = owned.subscribe((snapshot) => published.push(snapshot));
  const note = (title: string) => owned.set({ ...BARE_SNAPSHOT, notices: [notice("n", title)] });
  const titles = () => published.map((snapshot) => snapshot.notices[0]?.title);
  return { clock, published, owned, stop, note, titles };
}

describe("the snapshot store", () => {
  it("publishes the first change at once, and at most ten a second after it, the latest each", async () => {
    const { clock, owned, note, titles, published } = store();
    expect(owned.current.revision).toBe(1);
    for (let i = 0; i < 100; i += 1) {
      note(`note ${i}`);
      await clock.advance(10);
    }
    await clock.advance(200);
    expect(published.length).toBeGreaterThanOrEqual(10);
    expect(published.length).toBeLessThanOrEqual(12);
    expect([titles()[0], titles().at(-1)]).toEqual(["note 0", "note 99"]);
    expect(published.map((snapshot) => snapshot.revision)).toEqual(published.map((_, index) => index + 2));
    expect(owned.current).toBe(published.at(-1));
  });
  it("publishes nothing for an equal state, and keeps unchanged parts as they are", async () => {
    const { clock, owned, note, published } = store();
    const before = owned.current;
    owned.set(structuredClone(BARE_SNAPSHOT));
    await clock.advance(1000);
    expect(published).toEqual([]);
    expect(owned.current).toBe(before);
    note("a");
    expect(owned.current.app).toBe(before.app);
    expect(owned.current.servers).toBe(before.servers);
  });
  it("drops a change that was taken back before it was published", async () => {
    const { clock, owned, note, titles } = store();
    note("a");
    note("b");
    note("a");
    await clock.advance(1000);
    expect(titles()).toEqual(["a"]);
    expect(owned.current.revision).toBe(2);
  });
  it("flushes on demand, leaves no timer, and is quiet after its end", async () => {
    const { clock, owned, note, titles, stop } = store();
    note("a");
    note("b");
    owned.flush();
    expect(titles()).toEqual(["a", "b"]);
    expect(clock.pending).toBe(0);
    stop();
    note("c");
    owned.dispose();
    expect(clock.pending).toBe(0);
    note("d");
    await clock.advance(1000);
    expect(titles()).toEqual(["a", "b"]);
  });
  it("is not held up by a clock that was set back", () => {
    const { clock, note, titles } = store();
    note("a");
    clock.sleep(-3_600_000);
    note("b");
    expect(titles()).toEqual(["a", "b"]);
  });
});

describe("who looks at the store", () => {
  it("is a window; the tray and a log of changes are not, and each change of it is told once", () => {
    const { owned, stop } = store();
    const told: boolean[] = [];
    owned.onWatched(() => told.push(owned.watched));
    const tray = owned.subscribe(() => undefined, "calm");
    expect(owned.watched).toBe(true);
    stop();
    const window = owned.subscribe(() => undefined);
    const second = owned.subscribe(() => undefined);
    window();
    second();
    tray();
    expect(told).toEqual([false, true, false]);
  });
  it("does not make a state that is replaced before it is published", async () => {
    const { clock, owned, titles } = store();
    let made = 0;
    const say = (title: string) => owned.set(() => ({ ...BARE_SNAPSHOT, notices: [notice("n", `${title} ${++made}`)] }));
    for (const title of ["a", "b", "c", "d"]) say(title);
    await clock.advance(1000);
    expect(titles()).toEqual(["a 1", "d 2"]);
  });
});
