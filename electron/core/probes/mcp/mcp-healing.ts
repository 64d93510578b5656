import type { McpFact } from "../../diagnosis/evidence.ts";
import { dockerTime } from "../docker-inspect.ts";

/** Lines by which an MCP server says that it restarts the gateway's container by itself (facts §6: "Auto-reconnecting gateway", docker restart). */
const HEALING = /auto-?reconnect\w* (?:the )?gateway|restart(?:ing|ed)? (?:the )?(?:ib[- ])?gateway(?: container)?|docker restart/i;

export function healingArgv(docker: string, container: string): string[] {
  return [docker, "logs", "--timestamps", "--tail", "50", container];
}

/** The newest such line of a log with docker's stamps. @param clockSkewMs the server's clock minus ours */
export function parseHealing(text: string, clockSkewMs: number): McpFact["healing"] {
  const found = text
    .split("\n")
    .slice(-200)
    .filter((line) => HEALING.test(line.slice(0, 2000)))
    .flatMap((line) => {
      const stamp = line.split(" ", 1)[0] ?? "";
      const at = dockerTime(stamp);
      return at === null
        ? []
        : [
            {
              at: at - clockSkewMs,
              text: line
                .slice(stamp.length + 1)
                .trim()
                .slice(0, 300),
            },
          ];
    });
  return found.toSorted((a, b) => a.at - b.at).at(-1) ?? null;
}
