import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../electron/core/clock.ts";
import { createLog } from "../../electron/core/report/log.ts";
import { problemReport } from "../../electron/core/report/problem-report.ts";
import { reportJson } from "../../electron/core/report/report-json.ts";
import { createMemorySecrets } from "../../electron/core/secrets/memory-secrets.ts";
import { openSettings } from "../../electron/core/settings/settings-store.ts";
import { broken, NOW, server, snapshot } from "../unit/report/sample-snapshot.ts";

const SECRETS = ["hunter22", 'p"a\\ss wörd', "correct horse battery", "0123456789abcdef"];
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gatelight-redaction-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const everything = () =>
  readdirSync(dir)
    .map((name) => readFileSync(join(dir, name), "utf8"))
    .join("\n");
function expectNone(text: string): void {
  for (const secret of SECRETS)
    for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), Buffer.from(secret).toString("base64")])
      expect(text).not.toContain(spelling);
}

describe("secrets never stand in", () => {
  it("the log, however they come into a line", () => {
    const log = createLog({ file: join(dir, "gatelight.log"), level: "debug", users: ["jdoe"] });
    for (const secret of SECRETS) {
      log.hide(secret);
      log.info(`typed ${secret}.`, { nested: { list: [secret, { deep: `x${secret}x` }] }, url: `https://jdoe:${encodeURIComponent(secret)}@linuxserver.lan/` });
      log.error("failed", { error: new Error(`wrong: ${secret}`), b64: Buffer.from(secret).toString("base64"), [secret]: 1 });
      log.child("ssh").debug("answers", { values: { passphrase: secret } });
    }
    log.dispose();
    expect(everything()).toContain("[secret]");
    expectNone(everything());
  });
  it("the log, also where nobody said that they are secrets, under any telling name", () => {
    const log = createLog({ file: join(dir, "gatelight.log") });
    for (const key of [
      "password",
      "sshPassword",
      "passphrase",
      "TWS_PASSWORD",
      "vnc_password",
      "token",
      "apiKey",
      "private-key",
      "credentials",
      "clientSecret",
    ] as const) {
      log.info(`${key}=${SECRETS[0]}`, { [key]: SECRETS, text: `{"${key}":"${SECRETS[0]}"}` });
    }
    log.dispose();
    expectNone(everything());
  });
  it("the settings file: it refuses them", async () => {
    const settings = openSettings({ dataDir: dir, clock: systemClock, watch: false });
    const { faults } = await settings.save({ version: 1, servers: [{ id: "home", reach: { kind: "ssh", host: "linuxserver.lan", password: SECRETS[0] } }] });
    expect(faults.length).toBeGreaterThan(0);
    expectNone(faults.join("\n"));
    expectNone(everything());
    settings.dispose();
  });
  it("the problem report, whatever the log or the evidence held", () => {
    const dirty = snapshot([server([broken({ evidence: SECRETS.map((secret) => ({ label: "seen", value: `said ${secret}`, at: NOW })) })])]);
    for (const showNames of [true, false]) {
      const text = problemReport(
        dirty,
        SECRETS.map((secret) => `raw line with ${secret}`),
        { showNames, now: NOW, secrets: SECRETS },
      );
      expectNone(text);
      expect(text).not.toMatch(/U\d{7}|1000000/);
    }
  });
  it("the environment of children", () => {
    const env: Record<string, string | undefined> = {
      GATELIGHT_SSH_PASSWORD: "a",
      GATELIGHT_SSH_PASSPHRASE: "b",
      GATELIGHT_VNC_PASSWORD: "c",
      GATELIGHT_VNC_PASSWORD_LIVE: "d",
      HOME: "/",
    };
    createMemorySecrets(env);
    expect(env).toEqual({ HOME: "/" });
  });
  it("the report for scripts; account numbers are masked under privacy", () => {
    const text = JSON.stringify(reportJson({ ...snapshot([server([broken()])]), privacy: { maskAmounts: true } }, NOW));
    expect(text).not.toMatch(/U\d{7}|1000000/);
  });
});
