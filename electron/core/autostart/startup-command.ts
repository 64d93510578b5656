/** The command file of the browser host in Windows' Startup folder. */
export const STARTUP_COMMAND = "gatelight-serve.cmd";

/**
 * A command file that runs `words` at log-in in a minimized window of its own (Node needs a console; a script host that hides it is going away).
 * UTF-8, which cmd reads after chcp; a percent sign is doubled, and a Windows path can hold no quotation mark.
 * @throws Error for a word with a quotation mark or a line end
 */
export function startupCommandText(words: readonly string[]): string {
  const lines = [
    "@echo off",
    "rem Written by Gatelight; its settings take it away again.",
    "chcp 65001 >nul",
    `start "Gatelight" /min ${words.map(commandWord).join(" ")}`,
  ];
  return `${lines.join("\r\n")}\r\n`;
}

function commandWord(word: string): string {
  if (/["\r\n]/.test(word)) throw new Error(`${JSON.stringify(word)} cannot stand in a command file`);
  const doubled = word.replaceAll("%", "%%");
  return /^[\w.:\\/-]+$/.test(word) ? doubled : `"${doubled}"`;
}
