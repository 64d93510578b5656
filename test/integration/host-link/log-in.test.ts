import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ssh2 from "ssh2";
import { afterEach, describe, expect, it } from "vitest";
import { missingPeers, peer } from "../../support/peers.ts";
import { makeKey, type SshdOptions, startSshd } from "../../support/sshd.ts";
import { answer, cleanUp, environment, folder, later, openLink, Person, reachOf, until, waitFor } from "./support.ts";

async function sshdWith(options: SshdOptions = {}) {
  const sshd = await startSshd(options);
  later(() => sshd.dispose());
  return sshd;
}

/** A real ssh-agent with these keys. */
function agentWith(files: readonly string[]): string {
  const socket = join(folder(), "agent");
  const child = spawn(peer("ssh-agent"), ["-D", "-a", socket], { stdio: "ignore" });
  later(() => void child.kill("SIGKILL"));
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  execFileSync("sh", ["-c", `i=0; while [ ! -S "$SSH_AUTH_SOCK" ] && [ $i -lt 500 ]; do sleep 0.02; i=$((i+1)); done`], { env });
  for (const file of files) execFileSync("ssh-add", ["-q", file], { env, stdio: "ignore" });
  return socket;
}

const SECRET = "correct-horse-9471";

describe.skipIf(missingPeers("sshd", "ssh-keygen", "ssh-agent").length > 0)("logging in at a real sshd", () => {
  afterEach(cleanUp);

  it.each([
    ["OpenSSH", {}],
    ["OpenSSH, AES-GCM", { args: ["-Z", "aes256-gcm@openssh.com"] }],
    ["OpenSSH, ChaCha20", { args: ["-Z", "chacha20-poly1305@openssh.com"] }],
    ["RSA, PEM", { type: "rsa", args: ["-m", "PEM"] }],
    ["RSA, PKCS#8", { type: "rsa", args: ["-m", "PKCS8"] }],
    ["ECDSA", { type: "ecdsa" }],
  ] as const)("opens an encrypted key (%s) with a passphrase asked for once", async (_, options) => {
    const keys = folder();
    const key = makeKey(join(keys, "id"), { ...options, passphrase: SECRET });
    const sshd = await sshdWith({ authorizedKeys: [key.publicKey] });
    const person = new Person((request) => answer({ passphrase: person.asked.length === 1 ? "wrong" : SECRET }, request.canRemember));
    const { link, secrets, states } = openLink(reachOf(sshd, { identityFiles: [key.file] }), { person });
    await until(link, "up");
    expect(person.asked.map((request) => request.kind)).toEqual(["passphrase", "passphrase"]);
    expect(JSON.stringify([states, person.asked])).not.toContain(SECRET);
    expect([...secrets.values.values()]).toEqual([SECRET]);
    sshd.killSessions();
    await until(link, "waiting");
    await until(link, "up");
    expect(person.asked.length).toBe(2);
  });

  it("takes a remembered or a given passphrase without asking", async () => {
    const key = makeKey(join(folder(), "id"), { passphrase: SECRET });
    const sshd = await sshdWith({ authorizedKeys: [key.publicKey] });
    const { link, person } = openLink(reachOf(sshd, { identityFiles: [key.file] }), { credentials: { passphrase: SECRET } });
    await until(link, "up");
    expect(person.asked).toEqual([]);
  });

  it("does not ask for the passphrase of a key the server does not want", async () => {
    const key = makeKey(join(folder(), "id"), { passphrase: SECRET });
    const sshd = await sshdWith();
    const { link, person } = openLink(reachOf(sshd, { identityFiles: [key.file, sshd.identityFile] }));
    await until(link, "up");
    expect(person.asked).toEqual([]);
  });

  it("is not stopped by bad key files, and names them when nothing fits", async () => {
    const keys = folder();
    writeFileSync(join(keys, "garbage"), "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n");
    writeFileSync(join(keys, "token"), "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t token\n");
    const bad = [join(keys, "garbage"), join(keys, "token"), join(keys, "absent"), keys];
    const sshd = await sshdWith({ config: ["PasswordAuthentication no", "KbdInteractiveAuthentication no"] });
    const good = openLink(reachOf(sshd, { identityFiles: [...bad, sshd.identityFile] }));
    await until(good.link, "up");
    const { link } = openLink(reachOf(sshd, { identityFiles: bad }));
    const { failure } = await until(link, "failed");
    expect(failure).toMatchObject({ reason: "auth-failed", stage: "auth" });
    expect(failure.details?.join("\n")).toMatch(/garbage: damaged[\s\S]*token: .*security token[\s\S]*absent does not exist/);
  });

  it("offers only the named key of an agent with eight, so that MaxAuthTries 3 is not burnt", async () => {
    const keys = folder();
    const files = Array.from({ length: 8 }, (_, i) => makeKey(join(keys, `id${i}`)).file);
    const last = files[7] ?? "";
    const socket = agentWith(files);
    const sshd = await sshdWith({
      config: ["MaxAuthTries 3", "PasswordAuthentication no", "KbdInteractiveAuthentication no"],
      authorizedKeys: [readFileSync(`${last}.pub`, "utf8").trim()],
    });
    const home = folder();
    mkdirSync(join(home, ".ssh"), { mode: 0o700 });
    writeFileSync(join(home, ".ssh", "config"), `Host 127.0.0.1\n IdentityFile ${last}.pub\n IdentitiesOnly yes\n IdentityAgent ${socket}\n`, { mode: 0o600 });
    const only = openLink(
      { host: "127.0.0.1", port: sshd.port, user: sshd.user, knownHostsFile: sshd.knownHostsFile, useAgent: true, useSshConfig: true },
      { home },
    );
    await until(only.link, "up");

    const all = openLink(reachOf(sshd, { identityFiles: [], useAgent: true }), { environment: environment(home, { env: { SSH_AUTH_SOCK: socket } }) });
    const { failure } = await until(all.link, "failed");
    expect(failure.reason).toBe("auth-failed");
    expect(`${failure.message} ${failure.details}`).toMatch(/MaxAuthTries.*IdentitiesOnly/s);
  });

  it("says that a certificate in the agent cannot be used, where nothing else is let in", async () => {
    const keys = folder();
    const authority = makeKey(join(keys, "authority"));
    const key = makeKey(join(keys, "id"));
    const sshd = await sshdWith({
      config: [`TrustedUserCAKeys ${authority.file}.pub`, "PasswordAuthentication no", "KbdInteractiveAuthentication no"],
    });
    execFileSync(peer("ssh-keygen"), ["-q", "-s", authority.file, "-I", "test", "-n", sshd.user, `${key.file}.pub`], { stdio: "ignore" });
    const socket = agentWith([key.file]);
    const { link } = openLink(reachOf(sshd, { identityFiles: [], useAgent: true }), { environment: environment(folder(), { env: { SSH_AUTH_SOCK: socket } }) });
    const { failure } = await until(link, "failed");
    expect(failure.details).toContain("the agent has an OpenSSH certificate, which Gatelight cannot use (the plain key beside it can be)");
  });

  it("passes a server that wants two keys, one after the other", async () => {
    const second = makeKey(join(folder(), "id"), { type: "ecdsa" });
    const sshd = await sshdWith({ config: ["AuthenticationMethods publickey,publickey"], authorizedKeys: [second.publicKey] });
    const { link } = openLink(reachOf(sshd, { identityFiles: [sshd.identityFile, second.file] }));
    await until(link, "up");
    const { link: short } = openLink(reachOf(sshd));
    expect((await until(short, "failed")).failure.reason).toBe("auth-failed");
  });

  it("goes on with a key file when the agent is dead, and does not retry a refused log-in", async () => {
    const sshd = await sshdWith({ config: ["PasswordAuthentication no", "KbdInteractiveAuthentication no"] });
    const dead = { environment: environment(folder(), { env: { SSH_AUTH_SOCK: join(folder(), "no-agent") } }) };
    const fine = openLink(reachOf(sshd, { useAgent: true }), dead);
    await until(fine.link, "up");

    const stranger = makeKey(join(folder(), "id"));
    const { link, states } = openLink(reachOf(sshd, { identityFiles: [stranger.file], useAgent: true }), dead);
    const { failure } = await until(link, "failed");
    expect(failure.details?.join(" ")).toMatch(/1 key file.*accepts: publickey.*agent at .* cannot be reached/);
    link.reconnectNow("the network changed", { byItself: true });
    expect(link.state.kind).toBe("failed");
    expect(states.filter((state) => state.kind === "connecting").length).toBe(1);
    link.reconnectNow("a click");
    await waitFor(() => states.filter((state) => state.kind === "connecting").length === 2, "a second attempt");
    await until(link, "failed");
  });
});

interface Policy {
  readonly server: ssh2.Server;
  readonly port: number;
  readonly hostKey: Buffer;
}

/** What Debian's sshd cannot do without PAM is played by ssh2's server. */
async function serverThat(onAuth: (context: ssh2.AuthContext) => void): Promise<Policy> {
  const pair = ssh2.utils.generateKeyPairSync("ed25519");
  const server = new ssh2.Server({ hostKeys: [pair.private] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", onAuth);
    client.on("session", (accept) => accept().on("exec", (ok) => ok().exit(0)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.address();
  const parsed = ssh2.utils.parseKey(pair.public);
  if (address === null || typeof address === "string" || parsed instanceof Error) throw new Error("no server");
  return { server, port: address.port, hostKey: parsed.getPublicSSH() };
}

function knownHostsOf(policy: Policy): string {
  const file = join(folder(), "known_hosts");
  writeFileSync(file, `[127.0.0.1]:${policy.port} ssh-ed25519 ${policy.hostKey.toString("base64")}\n`);
  return file;
}
const reachPolicy = (policy: Policy, more = {}) => ({
  host: "127.0.0.1",
  port: policy.port,
  user: "administrator",
  identityFiles: [],
  knownHostsFile: knownHostsOf(policy),
  ...more,
});

describe("logging in with passwords and questions", () => {
  afterEach(cleanUp);

  it("asks for a password, asks again when it is wrong, and remembers the right one on request", async () => {
    const policy = await serverThat((context) => {
      if (context.method === "password" && context.password === SECRET) context.accept();
      else context.reject(["password"]);
    });
    const person = new Person(() => answer({ password: person.asked.length < 3 ? `wrong${person.asked.length}` : SECRET }, true));
    const { link, secrets } = openLink(reachPolicy(policy), { person });
    await until(link, "up");
    expect(person.asked.length).toBe(3);
    await waitFor(() => secrets.values.size > 0, "the password to be remembered");
    expect([...secrets.values]).toEqual([["ssh-password/home", SECRET]]);
  });

  it("waits for a person without any deadline, and fails for good when nobody answers", async () => {
    const policy = await serverThat((context) => context.reject(["password"]));
    const { link, states } = openLink(reachPolicy(policy), { person: new Person(() => ({ kind: "expired" })) });
    const { failure } = await until(link, "failed");
    expect(failure).toMatchObject({ reason: "auth-failed", stage: "auth" });
    expect(states.map((state) => state.kind)).toEqual(["connecting", "needs-user", "failed"]);
  });

  it("can be ended while a question is open", async () => {
    const policy = await serverThat((context) => context.reject(["password"]));
    const { link } = openLink(reachPolicy(policy), { person: new Person(() => new Promise(() => {})) });
    await until(link, "needs-user");
    await link.dispose();
    expect(link.state.kind).toBe("off");
  });

  it("uses a given password first and never shows it", async () => {
    const policy = await serverThat((context) => context.reject(["password"]));
    const { link, states, person } = openLink(reachPolicy(policy), { credentials: { password: SECRET } });
    await until(link, "failed");
    expect(person.asked.length).toBe(1);
    expect(JSON.stringify([states, person.asked])).not.toContain(SECRET);
  });

  it("passes the server's own questions on, then a password as second step (partial success)", async () => {
    let questionsDone = false;
    const policy = await serverThat((context) => {
      if (context.method === "keyboard-interactive" && !questionsDone) {
        context.prompt(
          [
            { prompt: "Verification code: ", echo: true },
            { prompt: "PIN: ", echo: false },
          ],
          "Second factor",
          "Look at the token.",
          (answers) => {
            questionsDone = answers.join() === "123456,99";
            context.reject(questionsDone ? ["password"] : ["keyboard-interactive"], questionsDone);
          },
        );
      } else if (context.method === "password" && questionsDone && context.password === SECRET) context.accept();
      else context.reject(questionsDone ? ["password"] : ["keyboard-interactive"]);
    });
    const person = new Person((request) => (request.kind === "password" ? answer({ password: SECRET }) : answer({ answer0: "123456", answer1: "99" })));
    const { link } = openLink(reachPolicy(policy), { person });
    await until(link, "up");
    expect(person.asked[0]).toMatchObject({
      kind: "keyboard-interactive",
      title: "Second factor",
      detail: "Look at the token.",
      canRemember: false,
      fields: [
        { label: "Verification code:", secret: false },
        { label: "PIN:", secret: true },
      ],
    });
  });

  it("asks a key first and the server's question second (publickey, then keyboard-interactive)", async () => {
    const key = makeKey(join(folder(), "id"));
    let keyDone = false;
    const policy = await serverThat((context) => {
      if (context.method === "publickey" && !keyDone) {
        if (context.signature) {
          keyDone = true;
          context.reject(["keyboard-interactive"], true);
        } else context.accept();
      } else if (context.method === "keyboard-interactive" && keyDone) {
        context.prompt([{ prompt: "OTP: ", echo: false }], (answers) => (answers[0] === "42" ? context.accept() : context.reject()));
      } else context.reject(keyDone ? ["keyboard-interactive"] : ["publickey"]);
    });
    const person = new Person(() => answer({ answer0: "42" }));
    const { link } = openLink(reachPolicy(policy, { identityFiles: [key.file] }), { person });
    await until(link, "up");
    expect(person.asked.map((request) => request.kind)).toEqual(["keyboard-interactive"]);
  });

  it("answers PAM's plain password question with the password it has", async () => {
    const policy = await serverThat((context) => {
      if (context.method === "keyboard-interactive") {
        context.prompt([{ prompt: "administrator@linuxserver's password: ", echo: false }], (answers) =>
          answers[0] === SECRET ? context.accept() : context.reject(),
        );
      } else context.reject(["keyboard-interactive"]);
    });
    const { link, person } = openLink(reachPolicy(policy), { credentials: { password: SECRET } });
    await until(link, "up");
    expect(person.asked).toEqual([]);
  });

  it("keeps an answer that came after the server hung up, and gives it to the next connection", async () => {
    let asked = 0;
    let hangUp = () => {};
    const pair = ssh2.utils.generateKeyPairSync("ed25519");
    const policy = await serverThat((context) => {
      if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
      asked += 1;
      context.prompt([{ prompt: "Code: ", echo: false }], (answers) => (answers[0] === "7" ? context.accept() : context.reject()));
    });
    policy.server.on("connection", (client: ssh2.Connection) => {
      hangUp = () => client.end();
    });
    expect(pair).toBeDefined();
    let reply: (outcome: ReturnType<typeof answer>) => void = () => {};
    const person = new Person(() => new Promise((resolve) => (reply = resolve)));
    const { link } = openLink(reachPolicy(policy), { person, random: () => 0 });
    await until(link, "needs-user");
    hangUp();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(link.state.kind).toBe("needs-user");
    reply(answer({ answer0: "7" }));
    await until(link, "up");
    expect([asked, person.asked.length]).toEqual([2, 1]);
  });
});
