import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

vi.mock("electron", () => import("./electron-stand-in.ts"));
const { answer, POLICY } = await import("../../electron/shell/app-protocol.ts");

const SECRET = "this lies outside the folder";
let dir: string;
let folder: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "gatelight-protocol-"));
  folder = join(dir, "renderer");
  mkdirSync(join(folder, "assets"), { recursive: true });
  writeFileSync(join(folder, "index.html"), "<!doctype html>");
  writeFileSync(join(folder, "assets", "index-abc.js"), "export {};");
  writeFileSync(join(dir, "outside.js"), SECRET);
  symlinkSync(join(dir, "outside.js"), join(folder, "link.js"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("app://", () => {
  it("has the policy that was promised, word for word", () => {
    expect(POLICY.split("; ")).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data: blob:",
      "font-src 'self'",
      "connect-src 'self'",
      "frame-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });
  it.each([
    [200, "GET", "app://gatelight/index.html"],
    [200, "GET", "app://gatelight/"],
    [200, "GET", "app://gatelight/assets/index-abc.js"],
    [200, "HEAD", "app://gatelight/index.html"],
    [404, "GET", "app://gatelight/missing.js"],
    [404, "GET", "app://evil/index.html"],
    [404, "GET", "app://user@gatelight/index.html"],
    [404, "GET", "app://gatelight/link.js"],
    [404, "GET", "app://gatelight/../outside.js"],
    [405, "POST", "app://gatelight/index.html"],
    [405, "DELETE", "app://gatelight/index.html"],
  ] as const)("answers %i to %s %s, under the policy like every answer", async (status, method, url) => {
    const response = await answer({ url, method }, folder);
    expect(response.status).toBe(status);
    expect(response.headers.get("Content-Security-Policy")).toBe(POLICY);
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(response.headers.get("Referrer-Policy")).toBe("no-referrer");
    if (status === 200) expect(response.headers.get("Content-Type")).toMatch(/^text\/(html|javascript)/);
    if (method === "HEAD" || status !== 200) expect((await response.arrayBuffer()).byteLength).toBe(0);
  });
  it("gives nothing from outside its folder for any path, and never fails", async () => {
    const piece = fc.constantFrom(
      "..",
      ".",
      "/",
      "\\",
      "%2e",
      "%2E%2e",
      "%2f",
      "%5c",
      "%00",
      "outside.js",
      "renderer",
      "assets",
      "link.js",
      "//",
      "?",
      "#",
      "%",
      "%ff",
      ":",
      "~",
      dir,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async (pieces) => {
        const response = await answer({ url: `app://gatelight/${pieces.join("")}`, method: "GET" }, folder);
        expect(await response.text()).not.toContain(SECRET);
        expect(response.headers.get("Content-Security-Policy")).toBe(POLICY);
      }),
      { numRuns: 400 },
    );
  });
});
