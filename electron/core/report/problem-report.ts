import type { Snapshot } from "../../../shared/snapshot.ts";
import { doctorText } from "./doctor-text.ts";
import { readableLine } from "./log.ts";
import { redact } from "./redact.ts";

export interface ProblemReportOptions {
  /** User and host names stay. Secrets, account numbers and amounts are out in any case. */
  readonly showNames: boolean;
  /** ms since the epoch */
  readonly now: number;
  /** User names known on this machine and from the settings. */
  readonly users?: readonly string[];
  /** Names and addresses of jump hosts and the like, beside those in the snapshot. */
  readonly hosts?: readonly string[];
  readonly secrets?: readonly string[];
  /** e.g. "Node 24.21.0, Electron 45.4.1, Linux 6.18" */
  readonly runtime?: string;
}

/** One text that a person reads before saving or sending it: versions, every light with its reason, evidence, the end of the log. */
export function problemReport(snapshot: Snapshot, logTail: readonly string[], options: ProblemReportOptions): string {
  const { app } = snapshot;
  const parts = [
    "Gatelight problem report",
    `made at ${new Date(options.now).toISOString()}, Gatelight ${app.version} (${app.host}, ${app.platform})${options.runtime === undefined ? "" : `, ${options.runtime}`}`,
    `secrets: ${app.secrets.name} (${app.secrets.persistent ? "kept" : "not kept"}). ${app.secrets.detail}`,
    ...(app.simulation === null ? [] : [`plays the simulated server: ${app.simulation.scenario}`]),
    ...snapshot.notices.map((notice) => `notice: ${notice.title}. ${notice.detail}`),
    "",
    doctorText(snapshot).trimEnd(),
    ...snapshot.servers.flatMap((server) =>
      server.gateways.flatMap((gateway) => [
        "",
        `Evidence: ${gateway.name} on ${server.name}`,
        ...gateway.evidence.map((line) => `  ${line.label}: ${line.value}${line.at === null ? "" : ` (${ageText(options.now - line.at)})`}`),
      ]),
    ),
    "",
    `The end of the log (${logTail.length} lines)`,
    ...logTail.map((line) => `  ${readableLine(line)}`),
    "",
  ];
  const hosts = [...new Set([...snapshot.servers.flatMap((server) => [server.host, server.name]), ...(options.hosts ?? [])])].filter((host) => host !== "");
  return redact(parts.join("\n"), {
    secrets: options.secrets,
    users: options.users,
    hosts,
    showNames: options.showNames,
    addresses: !options.showNames,
  });
}

function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s old`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min old` : `${Math.round(seconds / 3600)} h old`;
}
