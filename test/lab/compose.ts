import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { peer } from "../support/peers.ts";
import { run } from "./processes.ts";
import type { RemoteHost } from "./remote-host.ts";

/**
 * Debian's docker-compose as the plugin that `docker compose` calls: Docker's own package for Debian has none. It speaks to the same daemon and writes
 * the same labels.
 */
export function composePlugin(home: string): void {
  const folder = join(home, ".docker", "cli-plugins");
  mkdirSync(folder, { recursive: true });
  const metadata = JSON.stringify({ SchemaVersion: "0.1.0", Vendor: "Debian", Version: "1.29.2", ShortDescription: "Docker Compose" });
  writeFileSync(
    join(folder, "docker-compose"),
    `#!/bin/sh\nif [ "$1" = docker-cli-plugin-metadata ]; then echo '${metadata}'; exit; fi\nshift\nexec ${peer("docker-compose")} "$@"\n`,
    { mode: 0o755 },
  );
}

/** One folder a stack, its secrets in an env file outside it. */
export function writeProject(folder: string, file: unknown, envFile: string, secrets: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  mkdirSync(dirname(envFile), { recursive: true, mode: 0o700 });
  // JSON is YAML.
  writeFileSync(join(folder, "docker-compose.yml"), JSON.stringify(file, null, 2));
  writeFileSync(
    envFile,
    Object.entries(secrets)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(""),
    { mode: 0o600 },
  );
}

/** As the owner starts a stack. */
export async function composeUp(host: RemoteHost, folder: string, envFile: string): Promise<void> {
  await run(["sh", "-c", 'set -a; . "$1"; set +a; cd "$2" && exec docker compose up -d', "up", envFile, folder], {
    env: { ...host.dockerEnv, HOME: host.folder },
    deadlineMs: 120_000,
  });
}
