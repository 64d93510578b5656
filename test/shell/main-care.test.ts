import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { until } from "../support/contract-fixture.ts";
import { click, dir, electron, log, running, start, tray, window } from "./main-stage.ts";

const menuText = () => JSON.stringify(tray()?.menu.items ?? []);

describe("another keychain than the one that holds the secrets", () => {
  const kept = (backend: string) =>
    JSON.stringify({ version: 1, backend, entries: { "vnc-password/home/paper": Buffer.from("of another key").toString("base64") } });
  /** A keychain that cannot open what is kept, and a person who has not answered yet. */
  async function asked(): Promise<(answer: number) => void> {
    mkdirSync(join(dir, "data"));
    writeFileSync(join(dir, "data", "secrets.json"), kept("kwallet5"));
    let answer: (index: number) => void = () => {};
    await running({
      prepare(fresh) {
        fresh.safeStorage.backend = "gnome_libsecret";
        fresh.safeStorage.decryptStringAsync = async () => Promise.reject(new Error("the key is another one"));
        fresh.dialog.showMessageBox = (options) => {
          fresh.dialog.boxes.push(options);
          return new Promise((resolve) => {
            answer = (response) => resolve({ response, checkboxChecked: false });
          });
        };
      },
    });
    await until("the question", () => electron.dialog.boxes.length === 1);
    return (index) => answer(index);
  }
  it("is asked about, while window and tray are there already; saying no leaves the file as it was", async () => {
    const answer = await asked();
    expect([window()?.visible, tray()?.tooltip]).toEqual([true, "Gatelight: no server is set up yet"]);
    expect(electron.dialog.boxes[0]).toMatchObject({ message: "Another keychain is in use", defaultId: 0, cancelId: 0 });
    answer(0);
    await until("what came of it", () => log().includes('"keychain":"memory"'));
    expect(readFileSync(join(dir, "data", "secrets.json"), "utf8")).toBe(kept("kwallet5"));
  });
  it("begins a new file on yes, and keeps the old one beside it", async () => {
    const answer = await asked();
    answer(1);
    await until("what came of it", () => log().includes('"keychain":"GNOME keyring"'));
    expect(readdirSync(join(dir, "data")).filter((name) => name.startsWith("secrets"))).toEqual(["secrets.json.kwallet5"]);
    expect(readFileSync(join(dir, "data", "secrets.json.kwallet5"), "utf8")).toBe(kept("kwallet5"));
  });
});

describe("an update", () => {
  it("is looked for, asked about twice, and begun only when all of Gatelight has ended", async () => {
    const resources = join(dir, "resources");
    mkdirSync(join(resources, "assets"), { recursive: true });
    writeFileSync(join(resources, "app-update.yml"), "provider: generic\n");
    const before = Object.getOwnPropertyDescriptor(process, "resourcesPath");
    Object.defineProperty(process, "resourcesPath", { value: resources, configurable: true });
    vi.stubEnv("XDG_CONFIG_HOME", join(dir, "config"));
    const steps: string[] = [];
    const updater = {
      autoDownload: true,
      autoInstallOnAppQuit: true,
      on: (name: string) => void steps.push(`listens for ${name}`),
      checkForUpdates: async () => ({ isUpdateAvailable: true, updateInfo: { version: "9.9.9" } }),
      downloadUpdate: async () => void steps.push("downloaded"),
      quitAndInstall() {
        steps.push(`installed, tray ${tray()?.destroyed === true ? "gone" : "there"}, socket ${existsSync(join(dir, "data", "control.sock"))}`);
        electron.app.quit();
      },
    };
    try {
      await running({ updater, prepare: (fresh) => void Object.assign(fresh.app, { isPackaged: true }) });
      expect([updater.autoDownload, updater.autoInstallOnAppQuit]).toEqual([false, false]);
      click("Check for updates");
      await until("the end", () => electron.app.quitDone);
      expect(electron.dialog.boxes.map((box) => box.message)).toEqual(["Gatelight 9.9.9 is available", "Gatelight 9.9.9 is ready"]);
      expect(steps).toEqual(["listens for error", "downloaded", "installed, tray gone, socket false"]);
    } finally {
      vi.unstubAllEnvs();
      if (before === undefined) Reflect.deleteProperty(process, "resourcesPath");
      else Object.defineProperty(process, "resourcesPath", before);
    }
  });
  it("is not offered by a build that has no address to look at", async () => {
    await running();
    expect(menuText()).not.toContain("Check for updates");
  });
});

describe("the sandbox", () => {
  it("that somebody switched off is said, in the window and in the log", async () => {
    await running({ prepare: (fresh) => void fresh.app.switches.push("no-sandbox") });
    expect(log()).toContain("Chromium's sandbox is off");
    click("Copy problem report");
    await until("the report", () => electron.clipboard.text.includes("notice: Chromium's sandbox is off"));
  });
});

describe("a secret that is known", () => {
  it("is taken out of the problem report, also where nobody would look for it", async () => {
    vi.stubEnv("GATELIGHT_VNC_PASSWORD", "hunter22-vnc");
    mkdirSync(join(dir, "data"));
    // The message about the file names what it does not know.
    writeFileSync(join(dir, "data", "settings.json"), '{"version":1,"servers":[],"hunter22-vnc":1}');
    await running();
    vi.unstubAllEnvs();
    click("Copy problem report");
    await until("the report", () => electron.clipboard.text.includes("notice: The settings file could not be used"));
    expect(electron.clipboard.text).toContain('"[secret]"');
    expect(electron.clipboard.text).not.toContain("hunter22");
  });
});

describe("memory", () => {
  it.skipIf(process.platform !== "linux")("is in no core file", async () => {
    const filter = readFileSync("/proc/self/coredump_filter", "utf8");
    await start({ lock: false });
    expect(Number.parseInt(readFileSync("/proc/self/coredump_filter", "utf8"), 16)).toBe(0);
    writeFileSync("/proc/self/coredump_filter", `0x${filter.trim()}`);
  });
});
