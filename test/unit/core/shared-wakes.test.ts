import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SharedWakes } from "../../../electron/core/shared-wakes.ts";

let wakes: SharedWakes;
let ran: string[];
const note = (name: string) => () => void ran.push(`${name} ${Math.round(performance.now())}`);
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  wakes = new SharedWakes();
  ran = [];
});
afterEach(() => {
  vi.useRealTimers();
});

describe("waits that may end together", () => {
  it("end in one wake-up where their times meet, never early and never later than allowed", () => {
    wakes.after(1_000, note("a"), 200);
    wakes.after(1_100, note("b"), 200);
    wakes.after(1_150, note("c"), 100);
    wakes.after(1_250, note("late"), 100);
    wakes.after(800, note("early"), 100);
    expect(vi.getTimerCount()).toBe(3);
    vi.advanceTimersByTime(2_000);
    expect(ran).toEqual(["early 900", "a 1200", "b 1200", "c 1200", "late 1350"]);
  });

  it("keep step once they come round at the same pace", () => {
    const again = (name: string) => () => {
      note(name)();
      wakes.after(2_300, again(name), 200);
    };
    wakes.after(100, again("a"), 10);
    wakes.after(180, again("b"), 10);
    vi.advanceTimersByTime(20_000);
    expect(new Set(ran.slice(-6).map((line) => line.split(" ")[1])).size).toBe(3);
  });

  it("are cancelled one by one, and nothing is left of a wake-up that nobody waits for", () => {
    const stopA = wakes.after(1_000, note("a"), 200);
    const stopB = wakes.after(1_000, note("b"), 200);
    stopA();
    stopA();
    vi.advanceTimersByTime(500);
    stopB();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(5_000);
    expect(ran).toEqual([]);
  });

  it("may cancel each other while they run", () => {
    let stop = () => {};
    wakes.after(1_000, () => stop(), 200);
    stop = wakes.after(1_000, note("b"), 200);
    vi.advanceTimersByTime(2_000);
    expect(ran).toEqual([]);
  });

  it("are not kept by what one of them throws, which reaches the process all the same", () => {
    const thrown: unknown[] = [];
    vi.spyOn(globalThis, "queueMicrotask").mockImplementation((run) => {
      try {
        run();
      } catch (error) {
        thrown.push(error);
      }
    });
    wakes.after(
      1_000,
      () => {
        throw new Error("odd");
      },
      200,
    );
    wakes.after(1_000, note("b"), 200);
    vi.advanceTimersByTime(2_000);
    expect(ran).toEqual(["b 1200"]);
    expect(thrown.map(String)).toEqual(["Error: odd"]);
    vi.restoreAllMocks();
  });
});
