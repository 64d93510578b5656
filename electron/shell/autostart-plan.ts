import { posix } from "node:path";
import { AUTOSTART_FILES, autostartFolder, autostartText } from "../core/autostart/desktop-file.ts";

export interface AutostartFacts {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The program that runs now. */
  readonly execPath: string;
  /** A development run must not put itself into the person's log-in. */
  readonly packaged: boolean;
}

export type AutostartPlan =
  | { readonly kind: "none"; readonly why: string }
  /** macOS and Windows know log-in items; macOS passes them no arguments. */
  | { readonly kind: "login-item"; readonly args: readonly string[] }
  /** Linux: Electron's setLoginItemSettings does nothing there (electron#15198), so the XDG file is ours to write. */
  | { readonly kind: "desktop-file"; readonly file: string; readonly text: string };

/** How this machine starts us at log-in. An AppImage starts from a mount that is gone tomorrow: $APPIMAGE is where the file lies. */
export function autostartPlan(facts: AutostartFacts): AutostartPlan {
  if (!facts.packaged) return { kind: "none", why: "Only an installed Gatelight starts at log-in." };
  if (facts.platform === "darwin" || facts.platform === "win32") return { kind: "login-item", args: facts.platform === "win32" ? ["--hidden"] : [] };
  const image = facts.env.APPIMAGE;
  const program = image !== undefined && posix.isAbsolute(image) ? image : facts.execPath;
  return {
    kind: "desktop-file",
    file: posix.join(autostartFolder(facts.env, facts.home), AUTOSTART_FILES.desktop),
    text: autostartText([program, "--hidden"]),
  };
}
