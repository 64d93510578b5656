import { afterEach, describe, expect, it } from "vitest";
import { missingPeers } from "../../support/peers.ts";
import { ACCOUNT, canHaveAccounts, type SshdWithAccount, startSshdWithAccount } from "../../support/sshd-accounts.ts";
import { answer, cleanUp, later, openLink, Person, reachOf, until, waitFor } from "./support.ts";

const UNIX = ["auth required pam_unix.so nodelay", "account required pam_unix.so", "session required pam_permit.so"];

async function server(config: readonly string[], pam: readonly string[] = UNIX): Promise<SshdWithAccount> {
  const sshd = await startSshdWithAccount(pam, { config: ["LoginGraceTime 60", ...config] });
  later(() => sshd.dispose());
  return sshd;
}
const as = (sshd: SshdWithAccount, more = {}) => reachOf(sshd, { user: ACCOUNT.user, identityFiles: [], ...more });

describe.skipIf(!canHaveAccounts || missingPeers("sshd", "ssh-keygen").length > 0)("an account with a password on a real sshd with PAM", () => {
  afterEach(cleanUp);

  it("passes PAM's own question on, and asks again after a wrong answer", async () => {
    const sshd = await server(["PasswordAuthentication no", "KbdInteractiveAuthentication yes", "AuthenticationMethods keyboard-interactive"]);
    const person = new Person(() => answer({ answer0: person.asked.length === 1 ? "wrong" : ACCOUNT.password }));
    const { link, states } = openLink(as(sshd), { person });
    await until(link, "up");
    expect(person.asked.map(({ kind, fields, canRemember }) => [kind, fields, canRemember])).toEqual(
      Array.from({ length: 2 }, () => ["keyboard-interactive", [{ name: "answer0", label: expect.stringMatching(/Password:$/), secret: true }], false]),
    );
    expect((await link.exec(["id", "-un"], { deadlineMs: 10_000 })).stdout).toBe(`${ACCOUNT.user}\n`);
    expect(JSON.stringify([states, person.asked])).not.toContain(ACCOUNT.password);
  });

  it("answers PAM with the password at hand, and takes the plain password method where that is allowed", async () => {
    for (const [password, keyboard] of [
      ["no", "yes"],
      ["yes", "no"],
    ]) {
      const sshd = await server([`PasswordAuthentication ${password}`, `KbdInteractiveAuthentication ${keyboard}`]);
      const { link, person } = openLink(as(sshd), { credentials: { password: ACCOUNT.password } });
      await until(link, "up");
      expect(person.asked).toEqual([]);
    }
  });

  it.each([
    ["a key, then PAM's question", "publickey,keyboard-interactive:pam", ["keyboard-interactive"]],
    ["a password, then PAM's question", "password,keyboard-interactive:pam", ["password", "keyboard-interactive"]],
    ["a key, then a password", "publickey,password", ["password"]],
  ])("goes through two steps: %s", async (_, methods, asked) => {
    const sshd = await server(["KbdInteractiveAuthentication yes", `AuthenticationMethods ${methods}`]);
    const person = new Person((request) => answer(request.kind === "password" ? { password: ACCOUNT.password } : { answer0: ACCOUNT.password }));
    const { link } = openLink(as(sshd, { identityFiles: methods.startsWith("publickey") ? [sshd.accountKey] : [] }), { person });
    await until(link, "up");
    expect(person.asked.map((request) => request.kind)).toEqual(asked);
  });

  it("does not repeat a password that PAM refused, and says what the server accepts", async () => {
    const sshd = await server(["PasswordAuthentication yes", "KbdInteractiveAuthentication no"]);
    const { link, person, states } = openLink(as(sshd), { credentials: { password: "wrong-9471" } });
    const { failure } = await until(link, "failed");
    expect(failure).toMatchObject({ reason: "auth-failed", stage: "auth" });
    expect(person.asked.map((request) => request.kind)).toEqual(["password"]);
    expect(sshd.log().match(/Failed password for administrator/g)?.length).toBe(1);
    expect(JSON.stringify([states, person.asked])).not.toContain("wrong-9471");
  });

  it("ends a program on the server that took too long or was given up", async () => {
    const sshd = await server([]);
    const { link } = openLink(as(sshd, { identityFiles: [sshd.accountKey] }));
    await until(link, "up");
    // The account's shell runs beside the program.
    const something = () => waitFor(() => sshd.programs().length > 0, "the program to run on the server");
    const nothing = () => waitFor(() => sshd.programs().length === 0, "no program of ours to run on the server");
    await expect(link.exec(["sleep", "4721"], { deadlineMs: 4_000 })).rejects.toMatchObject({ reason: "timeout" });
    await nothing();
    const stream = await link.stream(["sleep", "4722"], { deadlineMs: 10_000, onLine: () => {}, onEnd: () => {} });
    await something();
    stream.close();
    await nothing();
    const abort = new AbortController();
    const aborted = link.exec(["sleep", "4723"], { deadlineMs: 60_000, signal: abort.signal });
    await something();
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ reason: "aborted" });
    await nothing();
  });
});
