import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDERS = ["electron", "renderer", "shared", "test"];

interface Module {
  readonly path: string;
  readonly imports: readonly string[];
}

/** Every module of ours with what it imports: our own files as paths from the root, packages by name. */
function modules(): Module[] {
  return FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.(ts|tsx|cts)$/.test(entry.name) && !entry.parentPath.includes("node_modules"))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, "utf8");
      const found = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\brequire\(\s*)["']([^"'\n]+)["']/g)].map((match) => match[1] ?? "");
      return {
        path: relative(ROOT, file),
        imports: found.map((name) => (name.startsWith(".") ? relative(ROOT, resolve(dirname(file), name)) : name)),
      };
    });
}

const ALL = modules();
const inside = (path: string, ...folders: string[]) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
function offenders(from: (path: string) => boolean, forbidden: (name: string) => boolean): string[] {
  return ALL.filter((module) => from(module.path)).flatMap((module) => module.imports.filter(forbidden).map((name) => `${module.path} imports ${name}`));
}
const isElectron = (name: string) =>
  name === "electron" || name.startsWith("electron/main") || name.startsWith("electron/renderer") || name === "electron/common";
const OURS = ["electron", "renderer", "shared", "test", "build"];

describe("walls", () => {
  it("sees the modules it judges", () => {
    expect(ALL.length).toBeGreaterThan(20);
    expect(ALL.some((module) => module.imports.includes("shared/words.ts"))).toBe(true);
  });
  it("electron is imported by the shell, main and preload alone", () => {
    const allowed = (path: string) =>
      inside(path, "electron/shell", "test/shell", "test/electron") || path === "electron/main.ts" || path === "electron/preload.cts";
    expect(offenders((path) => !allowed(path), isElectron)).toEqual([]);
  });
  it("shared imports nothing of ours", () => {
    expect(
      offenders(
        (path) => inside(path, "shared"),
        (name) => inside(name, ...OURS) && !inside(name, "shared"),
      ),
    ).toEqual([]);
  });
  it("the renderer never imports electron/", () => {
    expect(
      offenders(
        (path) => inside(path, "renderer"),
        (name) => inside(name, "electron"),
      ),
    ).toEqual([]);
  });
  it("core imports neither hosts nor shell nor simulator nor renderer", () => {
    const forbidden = (name: string) => inside(name, "electron/shell", "electron/web", "electron/simulator", "renderer", "electron/main.ts", "electron/cli.ts");
    expect(offenders((path) => inside(path, "electron/core"), forbidden)).toEqual([]);
  });
  it("the simulator shares nothing with what it judges", () => {
    expect(
      offenders(
        (path) => inside(path, "electron/simulator"),
        (name) => inside(name, "electron/core", "electron/web", "electron/shell"),
      ),
    ).toEqual([]);
  });
  it("diagnosis is pure: no I/O, no clock, no timer", () => {
    expect(
      offenders(
        (path) => inside(path, "electron/core/diagnosis"),
        (name) => name.startsWith("node:") || ["ssh2", "ws", "pino"].includes(name),
      ),
    ).toEqual([]);
    const impure = ALL.filter((module) => inside(module.path, "electron/core/diagnosis")).filter((module) =>
      /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bMath\.random\(/.test(readFileSync(join(ROOT, module.path), "utf8")),
    );
    expect(impure.map((module) => module.path)).toEqual([]);
  });
  it("only host-link knows SSH", () => {
    const allowed = (path: string) => inside(path, "electron/core/host-link", "electron/simulator", "test");
    expect(
      offenders(
        (path) => !allowed(path),
        (name) => name === "ssh2",
      ),
    ).toEqual([]);
  });
  it("no product code imports tests", () => {
    expect(
      offenders(
        (path) => !inside(path, "test"),
        (name) => inside(name, "test"),
      ),
    ).toEqual([]);
  });
});
