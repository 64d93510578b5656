import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { peer } from "../support/peers.ts";
import { run, until } from "./processes.ts";
import type { RemoteHost } from "./remote-host.ts";

/** Inside the host's namespace, whose own this port is; Docker asks 127.0.0.1 without TLS. */
const REGISTRY = "127.0.0.1:5000";
export const IMAGE = `${REGISTRY}/gnzsnz/ib-gateway:stable`;
export const FIRST_BUILD = "10.45.1j";

/** An almost empty tree: programs come from the host's /usr, mounted read-only. @param build the gateway's version in it */
export async function importImage(host: RemoteHost, build = FIRST_BUILD): Promise<void> {
  const tree = join(host.folder, "image");
  rmSync(tree, { recursive: true, force: true });
  for (const folder of [
    "usr",
    "tmp",
    "proc",
    "dev",
    "sys",
    "run",
    "etc/alternatives",
    "root",
    "lab",
    "opt/lab",
    "opt/node",
    "var/run",
    "home/ibgateway/scripts",
  ])
    mkdirSync(join(tree, folder), { recursive: true });
  for (const link of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${link}`, join(tree, link));
  writeFileSync(join(tree, "etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n");
  writeFileSync(join(tree, "etc/group"), "root:x:0:\n");
  writeFileSync(join(tree, "etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
  writeFileSync(join(tree, "opt/node/java"), "");
  const tar = join(host.folder, "image.tar");
  await run(["tar", "-C", tree, "-cf", tar, "."]);
  await host.docker(["import", "--change", `ENV LAB_BUILD=${build}`, tar, IMAGE]);
  rmSync(tar);
}

const id = async (host: RemoteHost): Promise<string> => (await host.docker(["image", "inspect", "--format", "{{.Id}}", IMAGE])).stdout.trim();

/** Puts a build under the image's tag into the registry; the host keeps the one it has until it pulls. */
export async function publish(host: RemoteHost, build: string): Promise<void> {
  await startRegistry(host);
  const before = await id(host);
  await importImage(host, build);
  const published = await id(host);
  await host.docker(["push", IMAGE]);
  await host.docker(["tag", before, IMAGE]);
  if (published !== before) await host.docker(["image", "rm", published]);
}

const started = new WeakSet<RemoteHost>();
/** Debian's registry, as Docker's own is. */
async function startRegistry(host: RemoteHost): Promise<void> {
  if (started.has(host)) return;
  started.add(host);
  const file = join(host.folder, "registry.json");
  const storage = { filesystem: { rootdirectory: join(host.folder, "registry") } };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ version: "0.1", log: { level: "error" }, storage, http: { addr: REGISTRY } }));
  const registry = host.daemonInside([peer("docker-registry"), "serve", file]);
  await until(
    async () => (await host.inside(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5000"], { mayFail: true })).code === 0,
    30_000,
    () => `the registry answers\n${registry.output}`,
  );
}
