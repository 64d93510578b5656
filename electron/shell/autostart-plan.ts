import { posix } from "node:path";

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
  /** macOS and Windows know log-in items. */
  | { readonly kind: "login-item"; readonly args: readonly string[] }
  /** Linux: Electron's setLoginItemSettings does nothing there (electron#15198), so the XDG file is ours to write. */
  | { readonly kind: "desktop-file"; readonly file: string; readonly text: string };

/** How this machine starts us at log-in. An AppImage starts from a mount that is gone tomorrow: $APPIMAGE is where the file lies. */
export function autostartPlan(facts: AutostartFacts): AutostartPlan {
  if (!facts.packaged) return { kind: "none", why: "not an installed Gatelight" };
  if (facts.platform === "darwin" || facts.platform === "win32") return { kind: "login-item", args: ["--hidden"] };
  const { XDG_CONFIG_HOME: xdg, APPIMAGE: image } = facts.env;
  const config = xdg !== undefined && posix.isAbsolute(xdg) ? xdg : posix.join(facts.home, ".config");
  const program = image !== undefined && posix.isAbsolute(image) ? image : facts.execPath;
  const lines = [
    "[Desktop Entry]",
    "Type=Application",
    "Name=Gatelight",
    "Comment=A light for IB Gateway",
    `Exec=${execWord(program)} --hidden`,
    "Icon=gatelight",
    "Terminal=false",
    "X-GNOME-Autostart-enabled=true",
    "",
  ];
  return { kind: "desktop-file", file: posix.join(config, "autostart", "gatelight.desktop"), text: lines.join("\n") };
}

/** Quoting of the Desktop Entry specification: quotes for the Exec key, then the string escape of a backslash, and % doubled. */
export function execWord(word: string): string {
  const quoted = `"${word.replace(/["`$\\]/g, "\\$&")}"`;
  return quoted.replace(/\\/g, "\\\\").replace(/%/g, "%%");
}
