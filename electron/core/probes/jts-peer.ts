import type { GatewayTarget, PresentContainer } from "../diagnosis/evidence.ts";
import type { DockerReader } from "./docker-reader.ts";

/** The image's own folder; dual mode and TWS_SETTINGS_PATH put another in its place (facts §1, Files). */
const HOME = "/home/ibgateway/Jts";

/** Where a file of the gateway's may lie: settings folders are mounted, so that they outlive the container. */
export function jtsPaths(container: Pick<PresentContainer, "mounts">, mode: GatewayTarget["mode"], file: "jts.ini" | "launcher.log"): string[] {
  const folders = [...container.mounts.map((mount) => mount.destination).filter((path) => /^\/[\w./-]{1,200}$/.test(path)), HOME];
  const inFolder = (folder: string) => [`${folder}_${mode}/${file}`, `${folder}/${file}`];
  return [...new Set(folders.flatMap((path) => (path.endsWith(".ini") ? (file === "jts.ini" ? [path] : []) : inFolder(path))))].slice(0, 16);
}

/** `Peer=ndc1.ibllc.com:4001` → `ndc1`: the region of IBKR's servers, which sets the hour of the nightly reset (facts §3.5). */
export function parsePeer(text: string): string | null {
  return /^\s*Peer\s*=\s*([a-z]{2,8}\d{0,2})\.[\w.-]+(?::\d+)?\s*$/im.exec(text.slice(0, 65_536))?.[1]?.toLowerCase() ?? null;
}

/** One process on the server. @returns `null` when the file or the line is not there */
export async function readPeer(reader: DockerReader, container: PresentContainer, mode: GatewayTarget["mode"]): Promise<string | null> {
  const text = await reader.cat(container.name, jtsPaths(container, mode, "jts.ini"));
  return text === null ? null : parsePeer(text);
}
