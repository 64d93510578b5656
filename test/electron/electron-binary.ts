import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** The Electron program where it was downloaded (npx install-electron), else `null`. Asking the package itself would start a download. */
export function electronBinary(): string | null {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(ROOT, "node_modules/electron/dist");
  const pathFile = join(ROOT, "node_modules/electron/path.txt");
  const usual = process.platform === "darwin" ? "Electron.app/Contents/MacOS/Electron" : process.platform === "win32" ? "electron.exe" : "electron";
  const binary = join(folder, existsSync(pathFile) ? readFileSync(pathFile, "utf8").trim() : usual);
  return existsSync(binary) ? binary : null;
}
