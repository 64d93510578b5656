import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { chooseAlgorithms } from "../../../electron/core/host-link/ssh/algorithms.ts";
import { parseProxyCommand } from "../../../electron/core/host-link/ssh/config/proxy.ts";
import { type ResolveEnvironment, resolveRoute, resolveSshHost } from "../../../electron/core/host-link/ssh/resolve-route.ts";
import { missingPeers, peer } from "../../support/peers.ts";

let folder = "";
const folders: string[] = [];
afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true, force: true });
});

/** ssh takes `~` from the password database, so the real home is used and only the file is ours. */
function setUp(files: Readonly<Record<string, string>>, home = homedir()): ResolveEnvironment & { file: string } {
  folder = mkdtempSync(join(tmpdir(), "gatelight-config-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text.replaceAll("@@", folder), { mode: 0o600 });
  }
  const file = join(folder, "config");
  return {
    file,
    home,
    user: userInfo().username,
    uid: process.getuid?.() ?? null,
    hostName: "desktop.lan",
    platform: process.platform,
    env: process.env,
    userConfig: file,
    systemConfig: join(folder, "absent"),
    globalKnownHosts: ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
  };
}
const reach = (host: string, more = {}) => ({ kind: "ssh" as const, host, useAgent: true, useSshConfig: true, ...more });

/** Each: the files, then the names to resolve. */
const TABLE: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  ["nothing", { config: "" }, ["plain.lan", "192.0.2.1"]],
  ["an alias", { config: "Host home\n  HostName linuxserver.lan\n  User administrator\n  Port 2222\n" }, ["home", "other"]],
  ["the first value counts", { config: "Host a*\n Port 1\nHost ab\n Port 2\n User x\nHost *\n User y\n Port 3\n" }, ["a", "ab", "c"]],
  ["negation and several patterns", { config: "Host *.lan !bad.lan 10.0.0.?\n User lan\n" }, ["x.lan", "bad.lan", "10.0.0.7", "10.0.0.77"]],
  [
    "spelling, equals signs, quotes, comments",
    { config: 'hOsT = "q"\n\tHOSTNAME=q.lan # why\n User "a b"\n  port   =  77\nIdentityFile "~/.ssh/with space"\n' },
    ["q"],
  ],
  ["%h in HostName", { config: "Host web*\n HostName %h.example.lan\n" }, ["web1"]],
  ["upper case", { config: "Host Alpha\n User big\nHost alpha\n User small\n" }, ["Alpha", "alpha", "ALPHA"]],
  [
    "identity files add up",
    { config: "Host a\n IdentityFile ~/.ssh/one\n IdentityFile /k/two\nHost *\n IdentityFile ~/.ssh/three\n IdentitiesOnly yes\n" },
    ["a", "b"],
  ],
  ["ProxyJump", { config: "Host a\n ProxyJump u@j:23,k\nHost b\n ProxyJump none\nHost * !gate !j !k\n ProxyJump gate\n" }, ["a", "b", "c"]],
  [
    "Match host, user, originalhost",
    { config: "Host a\n HostName a.lan\nMatch host a.lan\n Port 7\nMatch originalhost a user root\n User me\nMatch !host a.lan\n Port 8\n" },
    ["a", "b"],
  ],
  ["Match all", { config: "Match all\n Port 5\n" }, ["a"]],
  ["Match final", { config: "Host a\n HostName b.lan\nMatch final host b.lan\n Port 99\nHost b.lan\n ConnectTimeout 7\n User fin\n" }, ["a", "b.lan"]],
  ["Match final, too late for HostName", { config: "Match final all\nHostName late.lan\nUser late\n" }, ["a"]],
  ["Match localuser", { config: `Match localuser ${userInfo().username}\n Port 11\nMatch localuser nobody-else\n User no\n` }, ["a"]],
  [
    "Include",
    {
      config: "Include @@/conf.d/*.conf\nHost a\n Port 9\n",
      "conf.d/1.conf": "Host a\n User first\n",
      "conf.d/2.conf": "Host a\n User second\n Port 8\n",
      "conf.d/x.txt": "User no\n",
    },
    ["a", "b"],
  ],
  [
    "Include inside a Host block",
    { config: "Host a\n Include @@/in\nHost b\n User b\n", in: "User included\nHost b\n Port 12\nHost a\n Port 13\n" },
    ["a", "b"],
  ],
  ["known_hosts files", { config: "Host a\n UserKnownHostsFile ~/.ssh/kh_%h /abs/two\n HostKeyAlias alias\nHost b\n UserKnownHostsFile none\n" }, ["a", "b"]],
  [
    "agents",
    { config: "Host a\n IdentityAgent ~/.agent\nHost b\n IdentityAgent none\nHost c\n IdentityAgent $HOME\nHost d\n IdentityAgent SSH_AUTH_SOCK\n" },
    ["a", "b", "c", "d", "e"],
  ],
  [
    "times with units",
    {
      config: "Host a\n ConnectTimeout 5s\nHost b\n ConnectTimeout 0m7s\nHost c\n ConnectTimeout 1M\nHost d\n ConnectTimeout none\nHost d\n ConnectTimeout 9\n",
    },
    ["a", "b", "c", "d"],
  ],
  [
    "alive and timeouts",
    { config: "Host a\n ServerAliveInterval 2\n ServerAliveCountMax 2\n ConnectTimeout 4\n AddressFamily inet6\n BindAddress 127.0.0.1\n" },
    ["a"],
  ],
];

/** Keyword of `ssh -G` and what Gatelight makes of it. */
const LISTS = { kexalgorithms: "kex", ciphers: "cipher", macs: "hmac", hostkeyalgorithms: "serverHostKey" } as const;
const ALGORITHMS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  [
    "own lists",
    {
      Ciphers: "aes256-ctr,aes128-gcm@openssh.com",
      KexAlgorithms: "ecdh-sha2-nistp384,curve25519-sha256",
      MACs: "hmac-sha2-512,hmac-sha1",
      HostKeyAlgorithms: "rsa-sha2-256,ssh-ed25519",
    },
  ],
  ["added", { Ciphers: "+aes128-cbc,3des-cbc", KexAlgorithms: "+diffie-hellman-group14-sha1", MACs: "+hmac-md5", HostKeyAlgorithms: "+ssh-rsa" }],
  ["taken away", { Ciphers: "-aes128-*,chacha20*", KexAlgorithms: "-ecdh-*", MACs: "-*etm@openssh.com,hmac-sha1", HostKeyAlgorithms: "-ssh-*,*nistp521*" }],
  [
    "put first",
    { Ciphers: "^aes256-ctr", KexAlgorithms: "^diffie-hellman-group16-sha512", MACs: "^hmac-sha2-512", HostKeyAlgorithms: "^rsa-sha2-512,ecdsa-sha2-nistp256" },
  ],
];

/** As ssh_config(5) puts it: none, the environment's, a variable's, a path. */
function agentOf(said: string | undefined, { env, home }: ResolveEnvironment): string | null {
  if (said === undefined || said === "SSH_AUTH_SOCK") return env.SSH_AUTH_SOCK ?? null;
  if (said === "none") return null;
  return said.startsWith("$") ? (env[said.slice(1)] ?? null) : said.replace(/^~/, home);
}

describe.skipIf(missingPeers("ssh").length > 0)("what works in the terminal: beside ssh -G", () => {
  it.each(TABLE)("%s", async (_, files, hosts) => {
    const environment = setUp(files);
    for (const host of hosts) {
      const theirs = new Map<string, string[]>();
      for (const line of execFileSync(peer("ssh"), ["-G", "-F", environment.file, host], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split(
        "\n",
      )) {
        const [keyword = "", ...rest] = line.split(" ");
        theirs.set(keyword, [...(theirs.get(keyword) ?? []), rest.join(" ")]);
      }
      const first = (keyword: string) => theirs.get(keyword)?.[0];
      const jumps = (first("proxyjump") ?? "").split(",").filter(Boolean);
      const route = await resolveRoute(reach(host), environment);
      const target = route.hops.at(-1);
      const home = (path: string) => path.replace(/^~/, environment.home);
      expect({
        host: target?.host,
        port: target?.port,
        user: target?.user,
        identityFiles: target?.identityFiles.map((file) => file.path),
        identitiesOnly: target?.identitiesOnly,
        knownHosts: target?.knownHostsFiles,
        jumps: route.hops.length - 1 > 0 ? jumps.length : 0,
        family: target?.family,
        connectMs: target?.connectTimeoutMs,
        agent: target?.agentSocket,
        bind: target?.bindAddress,
      }).toEqual({
        host: first("hostname"),
        port: Number(first("port")),
        user: first("user"),
        identityFiles: theirs.get("identityfile")?.map(home),
        identitiesOnly: first("identitiesonly") === "yes",
        knownHosts: `${first("userknownhostsfile")} ${first("globalknownhostsfile")}`
          .split(" ")
          .filter((file) => file !== "none")
          .map(home),
        jumps: jumps.length,
        family: first("addressfamily") === "inet6" ? 6 : 0,
        // OpenSSH's default, none, waits as long as the kernel does.
        connectMs: /^\d+$/.test(first("connecttimeout") ?? "") ? Number(first("connecttimeout")) * 1_000 : 10_000,
        agent: agentOf(first("identityagent"), environment),
        bind: first("bindaddress") ?? null,
      });
    }
  });
});

describe.skipIf(missingPeers("ssh").length > 0)("lists of algorithms beside ssh -G", () => {
  it.each(ALGORITHMS)("%s", async (_, lists) => {
    const environment = setUp({
      config: Object.entries(lists)
        .map((line) => line.join(" "))
        .join("\n"),
    });
    const said = execFileSync(peer("ssh"), ["-G", "-F", environment.file, "a"], { encoding: "utf8" });
    const plain = setUp({ config: "" });
    const usual = (await resolveRoute(reach("a"), plain)).hops[0]?.algorithms;
    const hop = (await resolveRoute(reach("a"), environment)).hops[0];
    for (const [keyword, name] of Object.entries(LISTS)) {
      const theirs = new RegExp(`^${keyword} (.*)$`, "m").exec(said)?.[1]?.split(",") ?? [];
      const ours: readonly string[] = hop?.algorithms[name] ?? [];
      const text = Object.entries(lists).find(([each]) => each.toLowerCase() === keyword)?.[1] ?? "";
      // Gatelight's usual lists have the same names as OpenSSH's where both know them, in an order of its own.
      const known = new Set<string>([...(usual?.[name] ?? []), ...ours]);
      const common = theirs.filter((each) => known.has(each));
      const oursCommon = ours.filter((each) => theirs.includes(each) || !/^diffie-hellman-group1[57]-/.test(each));
      expect([keyword, oursCommon.toSorted()]).toEqual([keyword, common.toSorted()]);
      if (/^[^+-]/.test(text)) {
        const head = text.replace("^", "").split(",").length;
        const count = text.startsWith("^") ? head : common.length;
        expect(oursCommon.slice(0, count)).toEqual(text.includes("*") ? oursCommon.slice(0, count) : common.slice(0, count));
      }
      if (text.startsWith("+")) expect(ours.slice(-common.length).at(-1)).toBe(theirs.at(-1));
    }
  });
});

describe("the way to a server", () => {
  it("says which algorithms it lacks, and never offers others than those asked for", async () => {
    const some = setUp({
      config: "Ciphers aes256-ctr\nKexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256\nMACs umac-128@openssh.com,hmac-sha2-256\n",
    });
    const { hops, notes } = await resolveRoute(reach("a"), some);
    expect(hops[0]?.algorithms).toMatchObject({ kex: ["curve25519-sha256"], cipher: ["aes256-ctr"], hmac: ["hmac-sha2-256"] });
    expect(notes).toEqual([
      "KexAlgorithms: Gatelight does not have sntrup761x25519-sha512@openssh.com and goes on without.",
      "MACs: Gatelight does not have umac-128@openssh.com and goes on without.",
    ]);
    const none = setUp({ config: "KexAlgorithms sntrup761x25519-sha512@openssh.com\n" });
    await expect(resolveRoute(reach("a"), none)).rejects.toThrow(
      /^a: KexAlgorithms in ssh_config \(sntrup761x25519-sha512@openssh.com\) leaves nothing that Gatelight has\.$/,
    );
  });

  it("offers only what the runtime has: Electron lacks ChaCha20", () => {
    const { algorithms } = chooseAlgorithms(() => undefined, ["aes-128-gcm", "aes-256-ctr"]);
    expect(algorithms.cipher).toEqual(["aes128-gcm@openssh.com", "aes256-ctr"]);
    expect(chooseAlgorithms((keyword) => (keyword === "ciphers" ? "chacha20-poly1305@openssh.com" : undefined), ["aes-128-gcm"]).empty).toBe("Ciphers");
  });

  it("expands jump hosts through their own blocks, nested ones too", async () => {
    const environment = setUp({
      config: "Host home\n ProxyJump inner\nHost inner\n HostName 10.0.0.2\n User in\n ProxyJump outer:2200\nHost outer\n HostName outer.example\n User out\n",
    });
    const alias = await resolveSshHost(reach("home", { user: "administrator" }), environment);
    expect(alias).toMatchObject({ host: "home", port: 22, user: "administrator", jumps: ["out@outer.example:2200", "in@10.0.0.2"] });
  });

  it("lets the settings overrule ssh_config, and reads none when told so", async () => {
    const environment = setUp({ config: "Host *\n Port 2222\n User other\n IdentityFile /k/config\n" });
    const both = await resolveSshHost(reach("a", { port: 22, user: "administrator", identityFiles: ["~/k"] }), environment);
    expect(both).toMatchObject({ port: 22, user: "administrator", identityFiles: [join(environment.home, "k"), "/k/config"] });
    expect(await resolveSshHost(reach("a", { useSshConfig: false }), environment)).toMatchObject({ port: 22, user: userInfo().username, identityFiles: [] });
  });

  it("never runs Match exec or a ProxyCommand, and says so", async () => {
    const environment = setUp({
      config: 'Match exec "touch @@/ran"\n Port 1\nHost b\n ProxyCommand touch @@/ran %h\nHost *\n CanonicalizeHostname yes\n StrictHostKeyChecking no\n',
    });
    const alias = await resolveSshHost(reach("a"), environment);
    expect(alias.port).toBe(22);
    expect(alias.notes.join("\n")).toMatch(/Match exec[\s\S]*CanonicalizeHostname[\s\S]*StrictHostKeyChecking no/);
    await expect(resolveRoute(reach("b"), environment)).rejects.toThrow(/ProxyCommand that Gatelight does not run/);
    // The form that asks for the server shows it while its name is typed, before any attempt.
    expect((await resolveSshHost(reach("b"), environment)).notes[0]).toMatch(/^b is reached by a ProxyCommand that Gatelight does not run/);
    expect(() => execFileSync("test", ["-e", join(folder, "ran")])).toThrow();
  });

  it("reads what the system's file includes beside it, after the user's, and refuses an included file of the user's that others can write", async () => {
    const own = setUp({ config: "Host *\n User mine\n", ssh_config: "Include more.d/[!x]*\n", "more.d/1": "User theirs\nPort 2200\n", "more.d/x": "Port 1\n" });
    const environment = { ...own, systemConfig: join(own.userConfig, "..", "ssh_config") };
    expect((await resolveRoute(reach("a"), environment)).hops[0]).toMatchObject({ user: "mine", port: 2200 });
    const loose = setUp({ config: "Include @@/part\n", part: "Host *\n User evil\n" });
    chmodSync(join(loose.userConfig, "..", "part"), 0o622);
    await expect(resolveRoute(reach("a"), loose)).rejects.toThrow(/part belongs to or can be written by others/);
  });

  it("skips a Match block that it cannot judge, and says which", async () => {
    const environment = setUp({
      config: 'Match localnetwork 10.0.0.0/8\n Port 1\nMatch !exec "true"\n Port 2\nMatch tagged x host a\n Port 3\nMatch host a\n Port 4\n',
    });
    const { hops, notes } = await resolveRoute(reach("a"), environment);
    expect(hops[0]?.port).toBe(4);
    expect(notes.map((note) => note.slice(environment.file.length))).toEqual([
      ": “Match localnetwork” is not known to Gatelight, so its block does not apply.",
      ": “Match exec” is never run, so its block does not apply.",
      ": “Match tagged” is not known to Gatelight, so its block does not apply.",
    ]);
  });

  it("refuses a file that others can write, and endless ways", async () => {
    const environment = setUp({ config: "Host a\n ProxyJump b\nHost b\n ProxyJump a\n" });
    await expect(resolveRoute(reach("a"), environment)).rejects.toThrow(/circle/);
    chmodSync(environment.file, 0o666);
    await expect(resolveRoute(reach("x"), environment)).rejects.toThrow(/written by others/);
    expect((await resolveSshHost(reach("x"), environment)).notes[0]).toMatch(/written by others/);
    const loop = setUp({ config: "Include @@/config\n" });
    await expect(resolveRoute(reach("x"), loop)).rejects.toThrow(/nested/);
  });

  it("takes a stricter ServerAlive, and no laxer one than 15 s", async () => {
    const silence = async (config: string) => (await resolveRoute(reach("a"), setUp({ config }))).hops[0]?.silenceMs;
    expect(await silence("ServerAliveInterval 2\nServerAliveCountMax 2\n")).toBe(4_000);
    expect(await silence("ServerAliveInterval 60\n")).toBe(14_000);
    expect(await silence("ServerAliveInterval 2s\nServerAliveCountMax 3\n")).toBe(6_000);
    expect(await silence("ServerAliveInterval 1m\n")).toBe(14_000);
    expect(await silence("ServerAliveInterval 0\n")).toBe(14_000);
  });

  it("reads ssh -W as a jump", () => {
    expect(parseProxyCommand("ssh -q -W %h:%p -p 2200 me@door")).toEqual([{ host: "door", port: 2200, user: "me" }]);
    expect(parseProxyCommand("exec /usr/bin/ssh door -W [%h]:%p")).toEqual([{ host: "door", port: null, user: null }]);
    expect(parseProxyCommand("none")).toEqual([]);
    for (const other of ["nc %h %p", "ssh door nc %h %p", "ssh -o ProxyCommand=x -W %h:%p door", "ssh -W other:22 door", ""])
      expect(parseProxyCommand(other)).toBe("unsupported");
  });

  it("survives any file", { timeout: 60_000 }, async () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom(
        "Host ",
        "Match ",
        "Include ",
        "ProxyJump ",
        "a,b@c:1",
        "\n",
        '"',
        "'",
        "\\",
        " = ",
        "exec x",
        "!",
        "*",
        "%h",
        "%",
        `$${"{X}"}`,
        "IdentityFile ",
        "Port ",
        "99999",
        "final ",
        "HostName ",
        "[",
        "~x",
      ),
    );
    const environment = setUp({ config: "" });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        writeFileSync(
          environment.file,
          pieces.join("").replace(/[*?[]/g, (letter) => (pieces.includes("Include ") ? "x" : letter)),
        );
        await resolveRoute(reach("a"), environment).catch((error: unknown) => expect(error).toMatchObject({ name: "SshConfigError" }));
      }),
      { numRuns: 300 },
    );
  });
});
