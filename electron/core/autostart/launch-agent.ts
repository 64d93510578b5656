/** The macOS launch agent of the browser host; it is read at the next log-in. */
export const LAUNCH_AGENT = "com.gatelight.serve";

/** The property list (launchd.plist(5)) that runs `words` once at log-in, without a terminal. Its output goes nowhere: the token would stand in it. */
export function launchAgentText(words: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${LAUNCH_AGENT}</string>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${xml(word)}</string>`).join("\n")}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>ProcessType</key>
  <string>Background</string>
</dict>
</plist>
`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
/** A program's path cannot hold NUL; other control characters have no place in XML and are left out. */
const xml = (word: string) => word.replace(/[&<>]/g, (character) => ENTITIES[character] ?? "").replace(/[^\P{Cc}\t\n\r]/gu, "");
