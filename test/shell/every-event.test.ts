import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../support/contract-fixture.ts";
import { dir, electron, listeners, log, running, window } from "./main-stage.ts";

describe("what seldom comes", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s ends Gatelight in order", async (signal) => {
    await running();
    const ours = process.listeners(signal).find((listener) => !listeners.get(signal)?.includes(listener));
    ours?.(signal);
    await until("the end", () => electron.app.quitDone);
  });
  it("a promise that failed unheard is logged, a terminal that is gone is no fault", async () => {
    await running();
    const ours = process.listeners("unhandledRejection").find((listener) => !listeners.get("unhandledRejection")?.includes(listener));
    ours?.(new Error("nobody heard"), Promise.resolve());
    expect(log()).toContain("nobody heard");
    const gone = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    for (const listener of process.stdout.listeners("error")) Reflect.apply(listener, process.stdout, [gone]);
    expect(electron.app.exitCode).toBeNull();
  });
  it.each(["resize", "move"] as const)("%s is remembered for the next start", async (name) => {
    await running();
    const bounds = { x: 40, y: 50, width: 1000, height: 700 };
    const shown = window();
    if (shown === undefined) throw new Error("no window");
    shown.getBounds = () => bounds;
    shown.emit(name);
    electron.app.quit();
    await until("the end", () => electron.app.quitDone);
    expect(JSON.parse(readFileSync(join(dir, "data", "window.json"), "utf8")).bounds).toEqual(bounds);
  });
  it("certificates that are not trusted and proxies that ask for a password are refused", async () => {
    await running();
    const certificate = electron.preventable();
    let trusted: boolean | null = null;
    electron.app.emit("certificate-error", certificate, window()?.webContents, "https://example.org/", "net::ERR", {}, (answer: boolean) => {
      trusted = answer;
    });
    const login = electron.preventable();
    electron.app.emit("login", login);
    expect([certificate.defaultPrevented, trusted, login.defaultPrevented]).toEqual([true, false, true]);
  });
});
