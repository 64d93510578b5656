import { describe, expect, it } from "vitest";
import { createPrompts } from "../../../electron/core/prompt-broker.ts";
import type { PromptRequest } from "../../../electron/core/prompts.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const REQUEST: PromptRequest = {
  key: "ssh-password/home",
  kind: "password",
  server: "home",
  gateway: null,
  title: "Password",
  detail: "",
  fields: [{ name: "password", label: "Password", secret: true }],
  canRemember: false,
  hostKey: null,
};
const make = (somebody = true) => {
  const clock = new FakeClock();
  let changes = 0;
  const prompts = createPrompts({ clock, somebody: () => somebody, onChange: () => changes++ });
  return { clock, prompts, changes: () => changes };
};

describe("prompt broker", () => {
  it("joins equal questions: one prompt, both askers get the answer", async () => {
    const { prompts } = make();
    const asked = [prompts.ask(REQUEST), prompts.ask(REQUEST)];
    expect(prompts.open).toHaveLength(1);
    expect(prompts.answer(prompts.open[0]?.id ?? "", { password: "x" }, true)).toBe(true);
    // The keychain was not offered, so nothing is remembered.
    expect(await Promise.all(asked)).toEqual(Array(2).fill({ kind: "answered", answer: { values: { password: "x" }, remember: false } }));
    expect(prompts.open).toEqual([]);
  });
  it("refuses an answer that lacks a field, and one to a question that is gone", () => {
    const { prompts } = make();
    void prompts.ask(REQUEST);
    const id = prompts.open[0]?.id ?? "";
    expect(prompts.answer(id, {}, false)).toBe(false);
    expect(prompts.dismiss(id)).toBe(true);
    expect(prompts.answer(id, { password: "x" }, false)).toBe(false);
  });
  it("expires", async () => {
    const { prompts, clock } = make();
    const asked = prompts.ask(REQUEST);
    await clock.advance(180_000);
    expect(await asked).toEqual({ kind: "expired" });
  });
  it("goes away when its last asker takes it back", async () => {
    const { prompts } = make();
    const control = [new AbortController(), new AbortController()];
    const asked = control.map((one) => prompts.ask(REQUEST, one.signal));
    control[0]?.abort();
    expect(prompts.open).toHaveLength(1);
    control[1]?.abort();
    expect(prompts.open).toHaveLength(0);
    expect(await Promise.all(asked)).toEqual([{ kind: "dismissed" }, { kind: "dismissed" }]);
  });
  it("says at once that nobody can answer", async () => {
    const { prompts } = make(false);
    expect(await prompts.ask(REQUEST)).toEqual({ kind: "nobody" });
  });
});
