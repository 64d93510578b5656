import type { Duplex } from "node:stream";
import type { Clock } from "../clock.ts";
import { DialError, type HostAddress, type HostLink } from "../host-link/host-link.ts";
import { createRefusedPasswords, type Refused } from "./refused-passwords.ts";
import { type RfbOutcome, type RfbSession, rfbLogin } from "./rfb-login.ts";
import { ScreenError } from "./screen-error.ts";
import type { Opening, ScreenDeadlines, ScreenPorts } from "./screen-ports.ts";
import { within } from "./within.ts";

export interface LoggedIn {
  readonly stream: Duplex;
  readonly session: RfbSession;
}
export interface ScreenLogin {
  /** Dials and logs in, with the password that is known or, once, one that is asked for. @throws ScreenError */
  logIn(opening: Opening, link: HostLink, address: HostAddress): Promise<LoggedIn>;
  /** Drops what was answered for that screen. */
  forget(server: string, gateway: string): void;
}

export function createScreenLogin(ports: ScreenPorts, clock: Clock, limits: ScreenDeadlines): ScreenLogin {
  const refusedPasswords = ports.refused ?? createRefusedPasswords();
  /** What was answered and accepted, in memory only: a screen that comes back by itself asks nobody a second time. */
  const answered = new Map<string, string>();
  const keyOf = (server: string, gateway: string) => JSON.stringify([server, gateway]);

  async function dial(opening: Opening, link: HostLink, address: HostAddress): Promise<Duplex> {
    const where = `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
    opening.step("dial", where);
    const late = new ScreenError("silent", `${where} did not answer within ${limits.dial / 1000} s`);
    try {
      return await within(clock, opening.signal, limits.dial + 500, late, async (signal) => {
        const stream = await link.dial(address, { deadlineMs: limits.dial, signal });
        // For life: an error that comes late must not end the process. What follows from it is seen at the close.
        stream.on("error", () => {});
        if (signal.aborted) stream.destroy();
        return stream;
      });
    } catch (error) {
      throw error instanceof DialError ? dialFailure(error, where) : error;
    }
  }

  async function attempt(opening: Opening, link: HostLink, address: HostAddress, password: string | null): Promise<{ stream: Duplex; outcome: RfbOutcome }> {
    const stream = await dial(opening, link, address);
    opening.step("login", "reading the server's greeting");
    const late = new ScreenError("silent", `the screen's server took the connection but did not finish the log-in within ${limits.login / 1000} s`);
    let outcome: RfbOutcome | null = null;
    try {
      outcome = await within(clock, opening.signal, limits.login, late, (signal) => rfbLogin(stream, { password, signal }));
      return { stream, outcome };
    } finally {
      if (outcome?.kind !== "in") stream.destroy();
    }
  }

  async function ask(opening: Opening, why: string): Promise<{ password: string; remember: boolean }> {
    const { server, gateway } = opening;
    opening.step("login", "waiting for the screen's password");
    const missing = new ScreenError("password-missing", "nobody gave the screen's password");
    const outcome = await within(clock, opening.signal, limits.person, missing, (signal) =>
      ports.prompts.ask(
        {
          key: `vnc-password/${server}/${gateway}`,
          kind: "vnc-password",
          server,
          gateway,
          title: `Screen password of ${ports.nameOf(server, gateway)}`,
          detail: `${why}Only the first 8 characters of a VNC password count.`,
          fields: [{ name: "password", label: "VNC password", secret: true }],
          canRemember: true,
          hostKey: null,
        },
        signal,
      ),
    );
    const password = outcome.kind === "answered" ? (outcome.answer.values.password ?? "") : "";
    if (outcome.kind !== "answered" || password === "") throw missing;
    return { password, remember: outcome.answer.remember };
  }

  /** @returns the password to try, whether all that is known was refused before, and what the person should know about where it was looked for */
  async function known(server: string, gateway: string, refused: Refused): Promise<{ password: string | null; wasRefused: boolean; note: string }> {
    let kept = ports.givenPassword?.(server, gateway) ?? null;
    let note = "";
    try {
      kept ??= await ports.secrets.get({ kind: "vnc-password", server, gateway });
    } catch (error) {
      note = `The kept password could not be read (${error instanceof Error ? error.message : String(error)}). `;
    }
    const all = [kept ?? "", answered.get(keyOf(server, gateway)) ?? ""].filter((password) => password !== "");
    const password = all.find((one) => !refused.has(one)) ?? null;
    return { password, wasRefused: password === null && all.length > 0, note };
  }

  async function logIn(opening: Opening, link: HostLink, address: HostAddress): Promise<LoggedIn> {
    const { server, gateway } = opening;
    const refusedHere = refusedPasswords.of(server, gateway);
    const report = (login: "accepted" | "refused", version: string) => ports.report(server, gateway, { kind: "login", version, login });
    const { password, wasRefused, note } = await known(server, gateway, refusedHere);
    const first = await attempt(opening, link, address, password);
    if (first.outcome.kind === "in") {
      report("accepted", first.outcome.session.version);
      return { stream: first.stream, session: first.outcome.session };
    }
    const refused = wasRefused || first.outcome.kind === "password-wrong";
    if (first.outcome.kind === "password-wrong") {
      report("refused", first.outcome.version);
      if (password !== null) refusedHere.add(password);
    }
    // The connection is closed meanwhile: servers do not wait for people.
    const asked = await ask(opening, refused ? "The password that was kept is not accepted. " : note);
    const second = await attempt(opening, link, address, asked.password);
    if (second.outcome.kind !== "in") {
      if (second.outcome.kind === "password-wrong") report("refused", second.outcome.version);
      throw new ScreenError("password-wrong", "the screen's server refused this password");
    }
    report("accepted", second.outcome.session.version);
    refusedHere.delete(asked.password);
    answered.set(keyOf(server, gateway), asked.password);
    if (asked.remember) await keep(opening, asked.password);
    return { stream: second.stream, session: second.outcome.session };
  }

  async function keep(opening: Opening, password: string): Promise<void> {
    const { server, gateway } = opening;
    try {
      await ports.secrets.set({ kind: "vnc-password", server, gateway }, password);
    } catch (error) {
      // The screen is open: that the password is asked for again next time is worth a line, not a failure.
      opening.step("login", `the password could not be kept (${error instanceof Error ? error.message : String(error)})`);
    }
  }

  return { logIn, forget: (server, gateway) => void answered.delete(keyOf(server, gateway)) };
}

function dialFailure(error: DialError, where: string): ScreenError {
  switch (error.reason) {
    case "refused":
      return new ScreenError("refused", `nothing listens at ${where}: the screen is off or its server died`);
    case "forbidden":
      return new ScreenError("forbidden", `the server's SSH does not allow forwarding to ${where}`);
    case "timeout":
      return new ScreenError("silent", `${where} did not answer`);
    case "link-down":
      return new ScreenError("link", error.message);
    case "unreachable":
    case "name-not-found":
      return new ScreenError("no-address", `${where} cannot be reached from the server (${error.message})`);
    case "aborted":
      return new ScreenError("cancelled", "cancelled");
    case "other":
      return new ScreenError("closed", error.message);
  }
}
