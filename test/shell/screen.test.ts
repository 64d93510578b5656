import { describe, expect, it } from "vitest";
import { until } from "../support/contract-fixture.ts";
import { click, electron, start, tray, window } from "./main-stage.ts";

const SCREEN = /^app:\/\/gatelight\/index\.html#\/screen\/[^/]+\/[^/]+$/;

describe("“API settings” in the tray", () => {
  it("brings the gateway's screen up where no window is, where it was closed into the tray, and where it is minimised", async () => {
    await start({ args: ["--simulate", "healthy", "--hidden"] });
    await until("a gateway in the menu", () => JSON.stringify(tray()?.menu.items ?? []).includes("API settings"), 30_000);
    expect(window()).toBeUndefined();
    click("API settings");
    await until("the window", () => window()?.visible === true);
    const made = window();
    expect(made?.loaded.at(-1)).toMatch(SCREEN);

    made?.close();
    expect([made?.visible, made?.destroyed]).toEqual([false, false]);
    click("Diagnosis");
    made?.close();
    click("API settings");
    await until("the window again", () => made?.visible === true);
    expect(made?.loaded.at(-1)).toMatch(SCREEN);

    if (made !== undefined) made.minimized = true;
    click("API settings");
    await until("it is restored", () => made?.minimized === false);
    expect(made?.focused).toBe(true);
    expect(electron.BrowserWindowStandIn.all).toHaveLength(1);
    expect(electron.dialog.errors).toEqual([]);
  });
});
