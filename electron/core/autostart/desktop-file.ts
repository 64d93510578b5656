import { posix } from "node:path";

/** The XDG autostart files of Gatelight's two hosts. Only one of them starts at log-in: they share a data folder. */
export const AUTOSTART_FILES = { desktop: "gatelight.desktop", browser: "gatelight-serve.desktop" } as const;

/** The XDG folder of what starts at log-in. A relative XDG_CONFIG_HOME is to be ignored. */
export function autostartFolder(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const xdg = env.XDG_CONFIG_HOME;
  return posix.join(xdg !== undefined && posix.isAbsolute(xdg) ? xdg : posix.join(home, ".config"), "autostart");
}

/** A desktop entry that runs `words` at log-in, and is passed over once the program is gone. A plain word may stand unquoted. */
export function autostartText(words: readonly string[]): string {
  const lines = [
    "[Desktop Entry]",
    "Type=Application",
    "Name=Gatelight",
    "Comment=A light for IB Gateway",
    `Exec=${words.map((word) => (/^[A-Za-z0-9-]+$/.test(word) ? word : execWord(word))).join(" ")}`,
    `TryExec=${(words[0] ?? "").replaceAll("\\", "\\\\")}`,
    "Icon=gatelight",
    "Terminal=false",
    "X-GNOME-Autostart-enabled=true",
    "",
  ];
  return lines.join("\n");
}

/** Quoting of the Desktop Entry specification: quotes for the Exec key, then the string escape of a backslash, and % doubled. */
export function execWord(word: string): string {
  const quoted = `"${word.replace(/["`$\\]/g, "\\$&")}"`;
  return quoted.replace(/\\/g, "\\\\").replace(/%/g, "%%");
}
