import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog, readableLine } from "../../../electron/core/report/log.ts";
import { createRotatingFile } from "../../../electron/core/report/rotating-file.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gatelight-log-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const all = () =>
  readdirSync(dir)
    .map((name) => readFileSync(join(dir, name), "utf8"))
    .join("");

describe("rotating file", () => {
  it("keeps the newest lines in so many files of such a size, for this user alone", () => {
    const file = createRotatingFile({ file: join(dir, "a.log"), maxBytes: 1000, keep: 3 });
    for (let n = 0; n < 500; n++) file.write(`line ${n} ${"x".repeat(40)}`);
    file.dispose();
    expect(readdirSync(dir).sort()).toEqual(["a.log", "a.log.1", "a.log.2"]);
    for (const name of readdirSync(dir)) {
      expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(1000);
      expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    }
    const tail = file.tail(30);
    expect(tail).toHaveLength(30);
    expect(tail[29]).toContain("line 499 ");
    expect(tail[0]).toContain("line 470 ");
  });
  it("goes on after an older one, and after its folder was taken away", () => {
    const nested = join(dir, "sub", "a.log");
    const first = createRotatingFile({ file: nested });
    first.write("one");
    first.dispose();
    const second = createRotatingFile({ file: nested });
    second.write("two");
    expect(second.tail(10)).toEqual(["one", "two"]);
    second.dispose();
    rmSync(join(dir, "sub"), { recursive: true });
    second.write("three");
    expect(second.tail(10)).toEqual(["three"]);
    second.dispose();
  });
  it("never throws for a file that cannot be written, and counts what is lost", () => {
    writeFileSync(join(dir, "a-file"), "not a folder");
    const file = createRotatingFile({ file: join(dir, "a-file", "a.log") });
    file.write("x");
    file.write("y");
    expect(file.lost).toBe(2);
    file.dispose();
  });
});

describe("log", () => {
  it("writes one redacted JSON line each, with the room", () => {
    const log = createLog({ file: join(dir, "gatelight.log"), users: ["jdoe"] });
    log.child("ssh").warn("could not log in as jdoe", { password: "hunter22", file: "/home/jdoe/.ssh/id", accounts: ["DU1234567"] });
    log.debug("not at this level");
    const lines = log.tail(10);
    log.dispose();
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0] ?? "");
    expect(line).toMatchObject({
      level: "warn",
      room: "ssh",
      msg: "could not log in as [user]",
      password: "[secret]",
      file: "/home/[user]/.ssh/id",
      accounts: ["[paper account]"],
    });
    expect(readableLine(lines[0] ?? "")).toMatch(/^\d{4}-.*Z WARN {2}\[ssh\] could not log in as \[user\] password=\[secret\]/);
  });
  it("writes of an error what helps, not what the library hung onto it", () => {
    const log = createLog({ file: join(dir, "gatelight.log") });
    log.error("failed", { error: Object.assign(new Error("refused for U1234567"), { code: "ECONNREFUSED", packet: Buffer.from("key material") }) });
    const line = JSON.parse(log.tail(1)[0] ?? "");
    log.dispose();
    expect(line.error).toMatchObject({ name: "Error", message: "refused for [live account]", code: "ECONNREFUSED" });
    expect(line.error.packet).toBeUndefined();
  });
  it("never writes a hidden secret, whatever it is part of", () => {
    const log = createLog({ file: join(dir, "gatelight.log"), level: "debug", maxBytes: 64 * 1024 });
    const secret = fc.string({ minLength: 4, maxLength: 20, unit: "grapheme" }).filter((value) => value.trim().length >= 4);
    fc.assert(
      fc.property(secret, fc.string(), (value, around) => {
        fc.pre(!"[secret]".includes(value) && !around.includes(value));
        log.hide(value);
        log.info(`\u0001${value}\u0001`, { note: `${around}\u0001${value}\u0001`, [`k\u0001${value}\u0001`]: 1, nested: [{ value }], error: new Error(value) });
        const written: unknown[] = log.tail(1).map((line) => JSON.parse(line));
        const { time: _time, ...rest } = Object(written[0]);
        expect(JSON.stringify({ msg: rest.msg, note: rest.note, nested: rest.nested, message: rest.error.message })).not.toContain(
          `\\u0001${JSON.stringify(value).slice(1, -1)}\\u0001`,
        );
        expect(JSON.stringify(rest.nested)).toBe('[{"value":"[secret]"}]');
        expect(rest.error.message).toBe("[secret]");
      }),
      { numRuns: 100 },
    );
    log.dispose();
    expect(all().length).toBeGreaterThan(100);
  });
  it("echoes a readable line and needs no file", () => {
    const echoed: string[] = [];
    const log = createLog({ file: null, echo: (line) => echoed.push(line) });
    log.info("listening", { port: 4711 });
    expect(echoed[0]).toMatch(/INFO {2}listening port=4711$/);
    expect(log.tail(5)).toEqual([]);
    log.dispose();
  });
});
