import { describe, expect, it } from "vitest";
import { doctorText, verdictOf } from "../../../electron/core/report/doctor-text.ts";
import { namesToHide } from "../../../electron/core/report/names-to-hide.ts";
import { problemReport } from "../../../electron/core/report/problem-report.ts";
import { exitCode, reportJson } from "../../../electron/core/report/report-json.ts";
import { doctorReport } from "../../../electron/core/report/report-schema.ts";
import { settings } from "../../../shared/settings.ts";
import { LIGHT_STATES, LIGHTS } from "../../../shared/words.ts";
import { broken, gateway, NOW, server, snapshot } from "./sample-snapshot.ts";

const incident = snapshot([server([broken(), gateway({ id: "live", name: "Live", mode: "live" })])]);

describe("doctor --json", () => {
  it("is what the contract promises", () => {
    const report = reportJson(incident, NOW);
    expect(doctorReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report).toMatchObject({ version: 1, at: "2026-11-22T10:00:00Z", light: "down" });
    const paper = report.servers[0]?.gateways[0];
    expect(Object.keys(paper?.lights ?? {})).toEqual([...LIGHTS]);
    expect(paper?.cause).toEqual({
      id: "accept-queue-wedge",
      title: "The gateway stopped accepting connections",
      because: ["LISTEN queue on 4002 holds 51 of 51", "DU1234567 was last seen 4 min ago"],
      confidence: "certain",
    });
    expect(paper?.repairs[1]).toEqual({
      id: "restart-soft",
      title: "Restart without second factor",
      price: { secondFactor: false, losesUiSettings: false, downtimeSeconds: 90 },
    });
    expect(paper?.accounts).toEqual([{ id: "DU1234567", netLiquidation: { value: "1000000.00", currency: "USD" } }]);
    expect(report.servers[0]?.gateways[1]?.cause).toBeNull();
  });
  it("masks accounts and leaves out amounts under privacy", () => {
    const text = JSON.stringify(reportJson({ ...incident, privacy: { maskAmounts: true } }, NOW));
    expect(text).not.toContain("DU1234567");
    expect(text).not.toContain("1000000");
    expect(text).toContain("DU***67");
    expect(doctorReport.safeParse(JSON.parse(text)).success).toBe(true);
  });
  it("has an exit code for every state", () => {
    expect(LIGHT_STATES.map((state) => [state, exitCode(state)])).toEqual([
      ["up", 0],
      ["connecting", 1],
      ["degraded", 1],
      ["down", 1],
      ["off", 0],
      ["needs-you", 3],
      ["unknown", 1],
    ]);
  });
});

describe("doctor in words", () => {
  it("has a line for each light, the cause, why, and the ways out", () => {
    const text = doctorText(incident);
    for (const name of LIGHTS) expect(text).toMatch(new RegExp(`^    (PASS|WARN|FAIL) +${name} `, "m"));
    expect(text).toContain("FAIL  socket");
    expect(text).toContain("WARN  account");
    expect(text).toContain("Cause: The gateway stopped accepting connections [accept-queue-wedge, certain]");
    expect(text).toContain("because LISTEN queue on 4002 holds 51 of 51");
    expect(text).toContain("Restart the container [restart-container] (about 180 s down, asks for the second factor, loses unsaved settings)");
    expect(text).not.toContain("1000000");
  });
  it("passes nothing that is not up", () => {
    expect(LIGHT_STATES.filter((state) => verdictOf(state) === "PASS")).toEqual(["up"]);
  });
  it("says so where no server is set up", () => {
    expect(doctorText(snapshot([]))).toBe("No server is set up.\n");
  });
});

describe("problem report", () => {
  const log = [
    '{"level":"warn","time":"2026-11-22T09:59:00.000Z","room":"ssh","msg":"linuxserver.lan closed the line","user":"administrator"}',
    "not json: key /home/administrator/.ssh/id_ed25519 and password=hunter22",
  ];
  const options = { now: NOW, users: ["administrator"], secrets: ["vnc-pass-1"] };
  it("carries the reason and the log, but no secret, account, amount, user or host", () => {
    const text = problemReport(incident, [...log, "typed vnc-pass-1"], { ...options, showNames: false });
    expect(text).toContain("FAIL  socket");
    expect(text).toContain("accept-queue-wedge");
    expect(text).toContain("WARN  [ssh] [host-1] closed the line user=[user]");
    expect(text).toContain("API port: 4002 listens, 0 wait (2 s old)");
    for (const word of ["DU1234567", "1000000", "hunter22", "vnc-pass-1", "administrator", "linuxserver"]) expect(text).not.toContain(word);
  });
  it("knows the names of the settings", () => {
    const { users, hosts } = namesToHide(
      settings.parse({
        version: 1,
        servers: [
          { id: "home", reach: { kind: "ssh", host: "linuxserver.lan", user: "administrator" } },
          { id: "here", reach: { kind: "local" } },
        ],
      }),
    );
    expect(users).toContain("administrator");
    expect(hosts).toEqual(["linuxserver.lan"]);
  });
  it("shows names when asked, and still nothing else", () => {
    const text = problemReport(incident, [...log, "typed vnc-pass-1"], { ...options, showNames: true });
    expect(text).toContain("linuxserver.lan");
    expect(text).toContain("/home/administrator/");
    for (const word of ["DU1234567", "1000000", "hunter22", "vnc-pass-1"]) expect(text).not.toContain(word);
  });
});
