import { expect, it } from "vitest";
import type { LinkState } from "../../../electron/core/host-link/host-link.ts";
import { whenUp } from "../../../electron/core/host-link/when-up.ts";

function link(state: LinkState) {
  const listeners = new Set<(state: LinkState) => void>();
  return {
    state,
    onState(listener: (state: LinkState) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(next: LinkState) {
      this.state = next;
      for (const listener of listeners) listener(next);
    },
  };
}
const up = (since: number, latencyMs: number | null = null): LinkState => ({ kind: "up", since, latencyMs });
const connecting: LinkState = { kind: "connecting", attempt: 1, since: 0 };

it("calls for each connection once, whatever its latency does", () => {
  const one = link(connecting);
  let calls = 0;
  const stop = whenUp(one, () => calls++);
  one.set(up(10));
  one.set(up(10, 4));
  one.set(up(10, 40));
  expect(calls).toBe(1);
  one.set(connecting);
  expect(calls).toBe(1);
  one.set(up(10));
  one.set(up(99));
  expect(calls).toBe(3);
  stop();
  one.set(connecting);
  one.set(up(200));
  expect(calls).toBe(3);
});

it("a link that is already up has not come up", () => {
  const one = link(up(10));
  let calls = 0;
  whenUp(one, () => calls++);
  one.set(up(10, 7));
  expect(calls).toBe(0);
});
