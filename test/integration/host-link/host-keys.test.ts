import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { missingPeers, peer } from "../../support/peers.ts";
import { makeKey, type Sshd, startSshd } from "../../support/sshd.ts";
import { answer, cleanUp, environment, folder, later, listen, openLink, Person, reachOf, readAll, until } from "./support.ts";

describe.skipIf(missingPeers("sshd", "ssh-keygen").length > 0)("host keys of a real sshd", () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd({ hostKeys: ["ed25519", "rsa", "ecdsa"] });
  });
  afterAll(() => sshd.dispose());
  afterEach(cleanUp);

  const knownAs = (lines: string): string => {
    const file = join(folder(), "known_hosts");
    writeFileSync(file, lines);
    return file;
  };
  const lineOf = (type: string) => sshd.knownHosts.split("\n").find((line) => line.includes(type)) ?? "";

  it("asks about an unknown key with its SHA256, keeps it in Gatelight's own file, and does not ask again", async () => {
    const knownHostsFile = knownAs("");
    const person = new Person(() => answer());
    const { link, dataDir } = openLink(reachOf(sshd, { knownHostsFile }), { person });
    await until(link, "up");
    expect(person.asked).toMatchObject([{ kind: "host-key", hostKey: { type: "ssh-ed25519", fingerprint: sshd.fingerprint }, fields: [] }]);
    expect(readFileSync(join(dataDir, "known_hosts"), "utf8").trim()).toBe(lineOf("ssh-ed25519"));
    expect(readFileSync(knownHostsFile, "utf8")).toBe("");
    const again = openLink(reachOf(sshd, { knownHostsFile }), { dataDir });
    await until(again.link, "up");
    expect(again.person.asked).toEqual([]);
  });

  it("stays away when an unknown key is not confirmed", async () => {
    const { link, dataDir, states } = openLink(reachOf(sshd, { knownHostsFile: knownAs("") }), { person: new Person(() => ({ kind: "nobody" })) });
    const { failure } = await until(link, "failed");
    expect(failure).toMatchObject({ reason: "host-key-unknown", stage: "host-key" });
    expect(failure.details?.join()).toContain(sshd.fingerprint);
    expect(states.map((state) => state.kind)).toEqual(["connecting", "needs-user", "failed"]);
    expect(existsSync(join(dataDir, "known_hosts"))).toBe(false);
  });

  it("asks the server for the type that is known", async () => {
    for (const type of ["ssh-rsa", "ecdsa-sha2-nistp256"]) {
      const { link, person } = openLink(reachOf(sshd, { knownHostsFile: knownAs(`${lineOf(type)}\n`) }));
      await until(link, "up");
      expect(person.asked).toEqual([]);
    }
  });

  /** `@`: where the server is, `?`: its key, `x`: another of the same type. */
  it.each([
    ["[@]:port ?", "", true],
    ["@ ?", "", true],
    ["@ x", "", false],
    ["@ ?\n[@]:port x", "", false],
    ["@revoked @ ?\n@ ?", "", false],
    ["*,!*@* ?", "", false],
    ["*,!@ ?", "", true],
    ["mine ?", "HostKeyAlias MINE", true],
    ["[mine]:port ?", "HostKeyAlias mine", false],
    ["[@]:port ?", "HostKeyAlias mine", false],
    ["@cert-authority [@]:port ?", "", false],
  ])("takes the key where ssh does: known_hosts %j, %s", async (lines, config, known) => {
    const [, type, key] = lineOf("ssh-ed25519").split(" ");
    const [otherType, other] = makeKey(join(folder(), "other")).publicKey.split(" ");
    const file = knownAs(
      `${lines
        .replaceAll("port", String(sshd.port))
        .replace(/@(?![a-z])/g, "127.0.0.1")
        .replaceAll("?", `${type} ${key}`)
        .replaceAll(" x", ` ${otherType} ${other}`)}\n`,
    );
    const home = folder();
    mkdirSync(join(home, ".ssh"), { mode: 0o700 });
    const options = `IdentitiesOnly yes\nHostKeyAlgorithms ssh-ed25519\n${config}\n`;
    writeFileSync(join(home, ".ssh", "config"), options, { mode: 0o600 });
    const theirs = spawnSync(
      peer("ssh"),
      [
        ...["-F", join(home, ".ssh", "config"), "-i", sshd.identityFile, "-p", String(sshd.port), "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"],
        ...["-o", `UserKnownHostsFile=${file}`, "-o", "GlobalKnownHostsFile=none", `${sshd.user}@127.0.0.1`, "true"],
      ],
      { stdio: "ignore", timeout: 30_000 },
    );
    expect(theirs.status === 0).toBe(known);
    const { link } = openLink(reachOf(sshd, { knownHostsFile: file, useSshConfig: true }), { home });
    await until(link, known ? "up" : "failed");
  });

  it("knows a hashed name", async () => {
    const file = knownAs(`${sshd.knownHosts}\n`);
    execFileSync(peer("ssh-keygen"), ["-q", "-H", "-f", file], { stdio: "ignore" });
    expect(readFileSync(file, "utf8")).toMatch(/^\|1\|/);
    const { link } = openLink(reachOf(sshd, { knownHostsFile: file }));
    await until(link, "up");
  });

  it("refuses a changed key under every setting, with both fingerprints and the line", async () => {
    const other = makeKey(join(folder(), "other"));
    const [type, key] = other.publicKey.split(" ");
    const file = knownAs(`# mine\n\n[127.0.0.1]:${sshd.port} ${type} ${key}\n`);
    const home = folder();
    mkdirSync(join(home, ".ssh"), { mode: 0o700 });
    writeFileSync(join(home, ".ssh", "config"), "Host *\n StrictHostKeyChecking no\n", { mode: 0o600 });
    const { link, person, states } = openLink(reachOf(sshd, { knownHostsFile: file, useSshConfig: true }), { home });
    const { failure } = await until(link, "failed");
    expect(failure).toMatchObject({ reason: "host-key-changed", stage: "host-key" });
    const print = execFileSync(peer("ssh-keygen"), ["-lf", `${other.file}.pub`], { encoding: "utf8" }).split(" ")[1];
    expect(failure.details).toEqual([`Shown now: ssh-ed25519 ${sshd.fingerprint}`, `Known: ssh-ed25519 ${print} (${file}, line 3)`]);
    expect(person.asked).toEqual([]);
    expect(states.filter((state) => state.kind === "connecting").length).toBe(1);
    expect(sshd.log()).not.toMatch(/Accepted publickey.*\n.*changed/);
  });

  it("refuses a revoked key even where it is known", async () => {
    const line = lineOf("ssh-ed25519");
    const { link } = openLink(reachOf(sshd, { knownHostsFile: knownAs(`${line}\n@revoked * ${line.split(" ").slice(1).join(" ")}\n`) }));
    const { failure } = await until(link, "failed");
    expect(failure).toMatchObject({ reason: "host-key-revoked", stage: "host-key" });
    expect(failure.details?.[1]).toMatch(/line 2\.$/);
  });

  it("heeds the machine's own known_hosts, and connects to nobody while a file cannot be read", async () => {
    const home = folder();
    const global = knownAs(`${sshd.knownHosts}\n`);
    const known = openLink(reachOf(sshd, { knownHostsFile: join(home, "absent") }), { environment: environment(home, { globalKnownHosts: [global] }) });
    await until(known.link, "up");
    expect(known.person.asked).toEqual([]);

    const sessions = sshd.log().length;
    const blind = openLink(reachOf(sshd, { knownHostsFile: home }));
    const { failure } = await until(blind.link, "failed");
    expect(failure).toMatchObject({
      reason: "config",
      stage: "host-key",
      message: expect.stringMatching(/cannot be read \(EISDIR\), so no host key can be checked/),
    });
    expect(sshd.log().slice(sessions)).not.toContain("Connection from");
  });

  it("counts a certificate authority's line as unknown", async () => {
    const line = lineOf("ssh-ed25519");
    const { link } = openLink(reachOf(sshd, { knownHostsFile: knownAs(`@cert-authority ${line}\n`) }));
    expect((await until(link, "failed")).failure.reason).toBe("host-key-unknown");
  });
});

describe.skipIf(missingPeers("sshd", "ssh-keygen").length > 0)("the way through jump hosts", () => {
  afterEach(cleanUp);

  it("goes through two real sshds, each checked under its own name", async () => {
    const jump = await startSshd();
    later(() => jump.dispose());
    const target = await startSshd();
    later(() => target.dispose());
    const home = folder();
    const config = (jumpKnown: string) =>
      `Host lan\n HostName 127.0.0.1\n Port ${target.port}\n User ${target.user}\n IdentityFile ${target.identityFile}\n ProxyJump door\n UserKnownHostsFile ${target.knownHostsFile}\n` +
      `Host door\n HostName 127.0.0.1\n Port ${jump.port}\n User ${jump.user}\n IdentityFile ${jump.identityFile}\n UserKnownHostsFile ${jumpKnown}\n`;
    mkdirSync(join(home, ".ssh"), { mode: 0o700 });
    const write = (text: string) => writeFileSync(join(home, ".ssh", "config"), text, { mode: 0o600 });
    write(config(jump.knownHostsFile));
    const echo = await listen((socket) => socket.pipe(socket), true);
    const { link, person } = openLink({ host: "lan", useSshConfig: true }, { home, random: () => 0 });
    await until(link, "up");
    expect(person.asked).toEqual([]);
    const duplex = await link.dial({ host: "127.0.0.1", port: echo.port }, { deadlineMs: 10_000 });
    const text = readAll(duplex);
    duplex.end("through two doors");
    expect(await text).toBe("through two doors");
    expect((await link.exec(["echo", "$SSH_CONNECTION"], { deadlineMs: 5_000 })).stdout).toBe("$SSH_CONNECTION\n");
    await link.dispose();

    // The jump host's key is not the target's: an unknown jump host is asked about under its own name.
    write(config(target.knownHostsFile));
    const doubtful = openLink({ host: "lan", useSshConfig: true }, { home });
    expect((await until(doubtful.link, "failed")).failure).toMatchObject({ reason: "host-key-unknown", message: expect.stringContaining("door") });
    expect(doubtful.person.asked[0]?.key).toContain(`[127.0.0.1]:${jump.port}`);
  });

  it("names the jump host when it is the one that fails, and comes back after it was restarted", async () => {
    const jump = await startSshd();
    later(() => jump.dispose());
    const target = await startSshd();
    later(() => target.dispose());
    const home = folder();
    mkdirSync(join(home, ".ssh"), { mode: 0o700 });
    writeFileSync(
      join(home, ".ssh", "config"),
      `Host lan\n HostName 127.0.0.1\n Port ${target.port}\n IdentityFile ${target.identityFile}\n ProxyCommand ssh -q -p ${jump.port} -W %h:%p ${jump.user}@127.0.0.1\n UserKnownHostsFile ${target.knownHostsFile} ${jump.knownHostsFile}\n` +
        `Host 127.0.0.1\n IdentityFile ${jump.identityFile}\n UserKnownHostsFile ${jump.knownHostsFile}\n`,
      { mode: 0o600 },
    );
    const { link } = openLink({ host: "lan", useSshConfig: true }, { home, random: () => 0 });
    await until(link, "up");
    await jump.stop();
    const { failure } = await until(link, "waiting");
    expect(failure.reason).toBe("lost");
    await jump.start();
    await until(link, "up");
    await target.stop();
    await until(link, "waiting");
    const states: string[] = [];
    link.onState((state) => state.kind === "waiting" && states.push(state.failure.message));
    await expect.poll(() => states.join("\n"), { timeout: 15_000 }).toMatch(/jump host did not connect to lan.*refused/i);
  });
});
