import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SIGNS, type TrayItem, type TrayOptions, trayModel } from "../../../electron/core/tray-model.ts";
import { LIGHT_STATES } from "../../../shared/words.ts";
import { broken, gateway, light, NOW, server, snapshot, WEDGE } from "../report/sample-snapshot.ts";

const OPTIONS: TrayOptions = { startAtLogin: false, mute: false, updates: false };
const flat = (items: readonly TrayItem[]): TrayItem[] => items.flatMap((item) => (item.kind === "menu" ? [item, ...flat(item.items)] : [item]));
const texts = (items: readonly TrayItem[]) => flat(items).flatMap((item) => (item.kind === "separator" ? [] : [item.text]));
const live = gateway({ id: "live", name: "Live", mode: "live" });

describe("tray model", () => {
  it.each(LIGHT_STATES)("shows the worst state %s by icon, sign and word", (state) => {
    const one = gateway({ light: state });
    const model = trayModel(snapshot([server([one], { light: state })], { light: state }), OPTIONS);
    expect(model.icon).toBe(state);
    expect(texts(model.menu)[0]).toMatch(new RegExp(`^\\${SIGNS[state]} Paper: `));
    expect(model.tooltip.startsWith("Gatelight: Paper ")).toBe(true);
  });
  it("has a line for each gateway with its cause, and its own menu", () => {
    const model = trayModel(snapshot([server([broken(), live])]), OPTIONS);
    expect(texts(model.menu)).toEqual([
      "▲ Paper: down, The gateway stopped accepting connections",
      "Paper …",
      "API settings",
      "Diagnosis",
      "Restart without second factor (about 90 s)",
      "● Live: up",
      "Live …",
      "API settings",
      "Diagnosis",
      "Open Gatelight",
      "Copy problem report",
      "Mask amounts",
      "Mute notifications",
      "Start at login",
      "Quit Gatelight",
    ]);
    expect(model.tooltip).toBe("Gatelight: Paper down, Live up: The gateway stopped accepting connections");
  });
  it("offers only mild repairs that can run now, and none while one runs", () => {
    const refused = broken({ repairs: broken().repairs.map((repair) => ({ ...repair, refused: "not now" })) });
    const running = broken({
      run: {
        id: "r",
        repair: "restart-soft",
        title: "Restart without second factor",
        startedAt: NOW,
        expectedSeconds: 90,
        endedAt: null,
        outcome: "running",
        steps: [],
        output: [],
        cancellable: true,
        secondFactorUntil: null,
        verdict: null,
        next: null,
      },
    });
    const repairs = (one: typeof running) =>
      flat(trayModel(snapshot([server([one])]), OPTIONS).menu).filter((item) => item.kind === "action" && item.action.do === "repair");
    expect(repairs(broken())).toHaveLength(1);
    expect(repairs(refused)).toHaveLength(0);
    expect(repairs(running)).toHaveLength(0);
    expect(texts(trayModel(snapshot([server([running])]), OPTIONS).menu)[0]).toContain("Restart without second factor …");
  });
  it("names the server where there are several, and offers to reconnect where the link is at fault", () => {
    const far = server([gateway()], { id: "far", name: "Far", link: light("down", { word: "no route" }) });
    const words = texts(trayModel(snapshot([server([live]), far]), OPTIONS).menu);
    expect(words[0]).toBe("● Live on Home server: up");
    expect(words).toContain("▲ Far: no route");
    expect(words).toContain("Reconnect to Far now");
    expect(words).not.toContain("Reconnect to Home server now");
  });
  it("says what it waits for first", () => {
    const prompt = {
      id: "p",
      key: "k",
      kind: "host-key",
      server: "home",
      gateway: null,
      title: "Is this the key of linuxserver.lan?",
      detail: "",
      fields: [],
      canRemember: false,
      hostKey: null,
      askedAt: NOW,
      expiresAt: NOW,
    } as const;
    const model = trayModel(snapshot([server([gateway()])], { prompts: [prompt], light: "needs-you" }), OPTIONS);
    expect(model.icon).toBe("needs-you");
    expect(texts(model.menu)[0]).toBe("✋ Is this the key of linuxserver.lan?");
    expect(model.tooltip).toBe("Gatelight: Is this the key of linuxserver.lan?");
  });
  it("is calm before a server is set up", () => {
    const model = trayModel(snapshot([]), OPTIONS);
    expect(model.icon).toBe("off");
    expect(model.tooltip).toBe("Gatelight: no server is set up yet");
    expect(texts(model.menu)).toContain("No server is set up yet");
  });
  it("shows settings as they are, and asks for their opposite", () => {
    const model = trayModel(snapshot([], { privacy: { maskAmounts: true } }), { startAtLogin: true, mute: false, updates: true });
    const checks = flat(model.menu).filter((item) => item.kind === "check");
    expect(checks.map((item) => [item.text, item.checked, item.action])).toEqual([
      ["Mask amounts", true, { do: "mask-amounts", on: false }],
      ["Mute notifications", false, { do: "mute", on: true }],
      ["Start at login", true, { do: "start-at-login", on: false }],
    ]);
    expect(texts(model.menu)).toContain("Check for updates");
  });
  it("never shows an amount or an account number, and never exceeds what Windows shows", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 60, unit: "grapheme" }), { minLength: 1, maxLength: 6 }), fc.string({ unit: "grapheme" }), (names, why) => {
        const gateways = names.map((name, n) => broken({ id: `g${n}`, name, cause: { ...WEDGE, title: `${why} U1234567 \n DU1234567` } }));
        const model = trayModel(snapshot([server(gateways)]), OPTIONS);
        const all = [model.tooltip, ...texts(model.menu)].join("\n");
        expect(all).not.toMatch(/1234567|1000000/);
        expect([...model.tooltip].length).toBeLessThanOrEqual(127);
        for (const text of texts(model.menu)) expect([...text].length).toBeLessThanOrEqual(90);
        expect(model.tooltip).not.toMatch(/[\n\t]/);
      }),
      { numRuns: 50 },
    );
  });
});
