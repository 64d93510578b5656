import { z } from "zod";
import type { FoundContainer } from "../../../shared/contract.ts";

/** One line of `docker ps -a --format '{{json .}}'`; further keys are Docker's business. */
const row = z.object({
  Names: z.string().max(512),
  Image: z.string().max(1024),
  State: z.string().max(64).default(""),
  Status: z.string().max(256).default(""),
  Ports: z.string().max(8192).default(""),
});

const MAX_CONTAINERS = 500;

/**
 * Which containers are there and which look like an IB Gateway or its MCP server. Lines that are not Docker's are left out.
 * @param text standard output of `docker ps -a --format '{{json .}}'`
 */
export function foundContainers(text: string): FoundContainer[] {
  const rows = text
    .split("\n")
    .slice(0, MAX_CONTAINERS)
    .flatMap((line) => {
      const parsed = row.safeParse(parseJson(line));
      return parsed.success ? [parsed.data] : [];
    });
  return rows.map((entry) => {
    const name = entry.Names.split(",")[0] ?? entry.Names;
    const gateway = looksLikeGateway(name, entry.Image, entry.Ports);
    const mode = gateway ? modeOf(name, entry.Ports) : null;
    return {
      name,
      image: entry.Image,
      status: entry.Status === "" ? entry.State : entry.Status,
      likely: gateway,
      mode,
      mcpUrl: gateway ? mcpFor(name, rows) : null,
    };
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function looksLikeGateway(name: string, image: string, ports: string): boolean {
  if (/ib-?gateway|ibgateway|ibga\b|ibkr-docker/i.test(image)) return true;
  return /(^|[-_])ib[-_]?gateway/i.test(name) || /\b(4003|4004)\/tcp/.test(ports);
}

function modeOf(name: string, ports: string): "paper" | "live" | null {
  const said = /paper/i.test(name) ? "paper" : /live/i.test(name) ? "live" : null;
  if (said !== null) return said;
  const paper = /(?:->|\b)400[24]\/tcp/.test(ports);
  const live = /(?:->|\b)400[13]\/tcp/.test(ports);
  return paper === live ? null : paper ? "paper" : "live";
}

/** The MCP server of the same stack: `mcp-ib-gateway-paper` → `mcp-ib-paper`, published on the server's loopback. */
function mcpFor(gateway: string, rows: readonly z.output<typeof row>[]): string | null {
  const partner = rows.find((other) => other.Names !== gateway && other.Names === gateway.replace(/[-_]?gateway/i, ""));
  const published = partner?.Ports.match(/(?:^|[\s,])(?:\d{1,3}(?:\.\d{1,3}){3}|\[::\]):(\d{1,5})->8000\/tcp/);
  return published?.[1] === undefined ? null : `http://127.0.0.1:${published[1]}`;
}
