import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** System programs that tests use for real. Debian's package a program. */
const PACKAGES = {
  sshd: "openssh-server",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  "ssh-agent": "openssh-client",
  socat: "socat",
  Xvfb: "xvfb",
  x11vnc: "x11vnc",
  Xtigervnc: "tigervnc-standalone-server",
  tigervncpasswd: "tigervnc-tools",
  xterm: "xterm",
  xdotool: "xdotool",
  chromium: "chromium",
  dockerd: "docker.io",
  "docker-compose": "docker-compose",
  "docker-registry": "docker-registry",
  ip: "iproute2",
  iptables: "iptables",
  tcpdump: "tcpdump",
  websockify: "websockify",
  convert: "imagemagick",
  display: "imagemagick",
  "7za": "p7zip-full",
  "7z": "p7zip-full",
  makensis: "nsis",
  rpmbuild: "rpm",
  rpm: "rpm",
  "dpkg-deb": "dpkg",
  mksquashfs: "squashfs-tools",
  unsquashfs: "squashfs-tools",
  "desktop-file-validate": "desktop-file-utils",
  lsof: "lsof",
} as const;
export type Peer = keyof typeof PACKAGES;

const FOLDERS = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/local/sbin"];

/** @returns the program's path, or `null` where it is not installed */
export function peerPath(name: Peer): string | null {
  for (const folder of FOLDERS) if (folder !== "" && existsSync(join(folder, name))) return join(folder, name);
  return null;
}

/**
 * For `describe.skipIf(missingPeers("sshd").length > 0)`. Under CI=true nothing is skipped: a missing program throws and names its package.
 */
export function missingPeers(...names: Peer[]): Peer[] {
  const missing = names.filter((name) => peerPath(name) === null);
  if (missing.length > 0 && process.env.CI === "true") {
    throw new Error(`missing: ${missing.map((name) => `${name} (${PACKAGES[name]})`).join(", ")}; install all with: npm run setup:peers`);
  }
  return missing;
}

/** @throws Error naming the package when the program is not installed */
export function peer(name: Peer): string {
  const path = peerPath(name);
  if (path === null) throw new Error(`${name} is not installed (Debian package ${PACKAGES[name]}); install all with: npm run setup:peers`);
  return path;
}
