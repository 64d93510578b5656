import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { composeUp } from "../compose.ts";
import type { RemoteHost } from "../remote-host.ts";
import type { Stack } from "../stack.ts";

interface Change {
  /** One further published port, `ADDRESS:PORT:CONTAINER PORT`; those of earlier changes are taken back. */
  readonly publish?: string;
  /** The volume with the gateway's settings is lost. */
  readonly freshSettings?: boolean;
}
interface ComposeFile {
  readonly services: Record<string, { ports: string[] }>;
}

/** The gateway's container is made anew by compose, as after an update or a change of the compose file. */
export async function recreate(stack: Stack, host: RemoteHost, change: Change): Promise<void> {
  const path = join(stack.project, "docker-compose.yml");
  const file = JSON.parse(readFileSync(path, "utf8")) as ComposeFile;
  const service = file.services[`ib-gateway-${stack.mode}`];
  if (service === undefined) throw new Error(`${path} knows no gateway`);
  service.ports = [...service.ports.filter((one) => one.endsWith(":5900")), ...(change.publish === undefined ? [] : [change.publish])];
  writeFileSync(path, JSON.stringify(file, null, 2));
  if (change.freshSettings === true) {
    await host.docker(["rm", "-f", stack.gateway]);
    await host.docker(["volume", "rm", `ib-${stack.mode}_tws-settings`]);
  }
  await composeUp(host, stack.project, stack.envFile);
}
