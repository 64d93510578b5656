import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact, redactValue } from "../../../electron/core/report/redact.ts";
import { maskAccounts } from "../../../shared/account-numbers.ts";

describe("redact", () => {
  it.each([
    ["password=hunter22", "password=[secret]"],
    ["TWS_PASSWORD=hunter22 TWSUSERID=jdoe12", "TWS_PASSWORD=[secret] TWSUSERID=[user]"],
    ['{"password":"hun ter"}', '{"password":"[secret]"}'],
    ['{"vncPassword": "abc", "x": 1}', '{"vncPassword": "[secret]", "x": 1}'],
    ["IbPassword=s3cr$t!", "IbPassword=[secret]"],
    ["Authorization: Bearer abcdefghijkl", "Authorization: Bearer [secret]"],
    ["http://127.0.0.1:4711/#token=AbCdEf123", "http://127.0.0.1:4711/#token=[secret]"],
    ["https://joe:pw@proxy.lan/x", "https://[secret]@proxy.lan/x"],
    ["accounts DU1234567,U1234567 F7654321", "accounts [paper account],[live account] [live account]"],
    ["DUM123456 and DFK1234567", "[paper account] and [paper account]"],
    ["/home/jdoe/.ssh/id_ed25519", "/home/[user]/.ssh/id_ed25519"],
    ["/Users/jdoe/Library", "/Users/[user]/Library"],
    ["C:\\Users\\jdoe\\AppData", "C:\\Users\\[user]\\AppData"],
    ["C:\\\\Users\\\\jdoe\\\\AppData", "C:\\\\Users\\\\[user]\\\\AppData"],
    ["ssh administrator@linuxserver.lan", "ssh [user]@linuxserver.lan"],
    ["-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\nrest", "[private key]\nrest"],
    ["-----BEGIN RSA PRIVATE KEY-----\ncut off", "[private key]"],
  ])("%s", (given, wanted) => {
    expect(redact(given)).toBe(wanted);
  });
  it.each([
    "LISTEN queue on 4002 holds 51 of 51",
    "172.18.0.3:4004 → 4002, 12 ms",
    "container mcp-ib-gateway-paper up 3 d",
    "IBC: Login has completed",
    "GPU12345 is no account, nor is AU1234567",
  ])("leaves plain facts alone: %s", (line) => {
    expect(redact(line)).toBe(line);
  });
  it("takes out names of users and hosts as whole words only, whatever their case", () => {
    const options = { users: ["al"], hosts: ["linuxserver.lan", "backup"] };
    expect(redact("al said already; LinuxServer.lan and backup, not backups", options)).toBe("[user] said already; [host-1] and [host-2], not backups");
    expect(redact("al on backup with password=xyz1 DU1234567", { ...options, showNames: true })).toBe("al on backup with password=[secret] [paper account]");
  });
  it("takes out addresses only when asked, and never loopback", () => {
    const line = "from 192.168.7.20 via fd00::12 to 127.0.0.1 and [::1]:4002 at 10:02:11";
    expect(redact(line)).toBe(line);
    expect(redact(line, { addresses: true })).toBe("from [address] via [address] to 127.0.0.1 and [::1]:4002 at 10:02:11");
  });
  it("finds a secret in every spelling, wherever it stands", () => {
    const secret = fc.string({ minLength: 4, maxLength: 30, unit: "binary" }).filter((value) => value.trim().length >= 4 && /^\P{Cs}*$/u.test(value));
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        // What is left of the text around it may hold the value by chance; ours must not.
        fc.pre(!"[secret][user][private key][paper account][live account]".includes(value));
        const text = `${before}\u0001${value}\u0001${JSON.stringify({ text: value })}\u0001${encodeURIComponent(value)}\u0001${after}`;
        fc.pre(!before.includes(value) && !after.includes(value) && !value.includes("\u0001"));
        expect(redact(text, { secrets: [value] })).not.toContain(value);
      }),
      { numRuns: 500 },
    );
  });
  it("finds every account number between any neighbours", () => {
    const account = fc.tuple(fc.constantFrom("U", "DU", "F", "DF", "I", "DI", "DUM", "UH"), fc.stringMatching(/^\d{5,9}$/)).map((parts) => parts.join(""));
    fc.assert(
      fc.property(account, fc.stringMatching(/^[^A-Za-z0-9]{0,4}$/), fc.stringMatching(/^[^A-Za-z0-9]{0,4}$/), (value, before, after) => {
        expect(redact(`x ${before}${value}${after} y`)).not.toContain(value);
        expect(maskAccounts(`${before}${value}${after}`)).not.toContain(value);
      }),
    );
  });
  const nasty = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(
        fc.constantFrom(
          ...'password= | token: | " | \' | \\ | \\" | /home/ | C:\\Users\\ | jdoe | @ | linuxserver.lan | DU1234567 | U12345 | [secret] | [user] | [host-1] | bearer  | 10.0.0.7 | fe80::1 | ://|a b'.split(
            "|",
          ),
        ),
        { maxLength: 14 },
      )
      .map((parts) => parts.join("")),
  );
  it("changes nothing the second time", () => {
    const options = { secrets: ["hunter22"], users: ["jdoe"], hosts: ["linuxserver.lan"], addresses: true };
    fc.assert(
      fc.property(nasty, (text) => {
        const once = redact(text, options);
        expect(redact(once, options)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });
  it("walks values: whatever stands under a telling key, and every string", () => {
    expect(redactValue({ password: 12345, answers: { vncPassword: ["a"], ok: true }, hasPassword: true, at: 5, text: ["token=abc for DU1234567"] })).toEqual({
      password: "[secret]",
      answers: { vncPassword: "[secret]", ok: true },
      hasPassword: true,
      at: 5,
      text: ["token=[secret] for [paper account]"],
    });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(nasty, fc.integer(), fc.jsonValue())), (fields) => {
        const line = JSON.stringify(redactValue({ ...fields, deep: { text: "is hunter22." } }, { secrets: ["hunter22"] }));
        expect(line).not.toContain("hunter22");
      }),
    );
  });
  it("bounds depth and length", () => {
    let deep: unknown = "end";
    for (let i = 0; i < 5000; i++) deep = { deep };
    expect(JSON.stringify(redactValue({ deep, wide: Array.from({ length: 10_000 }, () => 1), long: "x ".repeat(1_000_000) })).length).toBeLessThan(22_000);
  });
  it("takes time in proportion to the text", () => {
    for (const text of [
      "a".repeat(200_000),
      "password".repeat(20_000),
      "1:".repeat(50_000),
      "@".repeat(100_000),
      "a.".repeat(100_000),
      `${"\\".repeat(100_000)}"`,
    ]) {
      const start = process.cpuUsage().user;
      redact(text, { addresses: true, users: ["jdoe"], hosts: ["linuxserver.lan"] });
      expect((process.cpuUsage().user - start) / 1000).toBeLessThan(2500);
    }
  });
});
