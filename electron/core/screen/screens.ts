import { randomBytes } from "node:crypto";
import type { ScreenOpened, ScreenProgress } from "../../../shared/contract.ts";
import { CallError, type ScreenDoor } from "../../../shared/rpc.ts";
import type { ScreenFailure, ScreenStep } from "../../../shared/snapshot.ts";
import { systemClock } from "../clock.ts";
import { ScreenError } from "./screen-error.ts";
import { createScreenLogin, type LoggedIn } from "./screen-login.ts";
import { SCREEN_DEADLINES, type ScreenPorts } from "./screen-ports.ts";
import { relayScreen } from "./screen-relay.ts";
import { createTickets } from "./tickets.ts";
import { waitForLink } from "./wait-for-link.ts";
import { within } from "./within.ts";

export interface ScreenRef {
  readonly server: string;
  readonly gateway: string;
  /** Chosen by the window, unique in its link. */
  readonly screen: string;
}

/** The screens that people have open. */
export interface Screens extends ScreenDoor {
  /**
   * Everything from the click to a logged-in screen that waits for its viewer.
   * @throws CallError whose `faults[0]` is the ScreenFailure; the same was sent as progress
   */
  open(ref: ScreenRef, context: { readonly signal: AbortSignal; readonly link: string }): Promise<ScreenOpened>;
  /** Ends a screen of that link, whatever it is doing. */
  close(screen: string, link: string): void;
  /** The viewer saw a picture, or nothing but one colour. */
  picture(screen: string, picture: "painted" | "black", link: string): void;
  /** Screens of that gateway that are logged in now. */
  openCount(server: string, gateway: string): number;
  /** What was answered for that gateway's screen and is held in memory is needed no more. */
  forgetPassword(server: string, gateway: string): void;
  /** The server was looked at: other programs' viewers may have come or gone. */
  recount(): void;
  dispose(): void;
}

const SAID: ReadonlySet<ScreenFailure> = new Set(["cancelled", "password-missing", "password-wrong", "too-many-attempts", "no-password-set"]);

interface Screen {
  readonly ref: ScreenRef;
  readonly link: string;
  readonly abort: AbortController;
  step: ScreenStep;
  loggedIn: LoggedIn | null;
  ticket: string | null;
  /** How many viewers share the desktop, as last told. */
  viewers: number;
}

export function createScreens(ports: ScreenPorts): Screens {
  const clock = ports.clock ?? systemClock;
  const limits = { ...SCREEN_DEADLINES, ...ports.deadlines };
  const screens = new Map<string, Screen>();
  const listeners = new Map<string, Set<(progress: ScreenProgress) => void>>();
  const tickets = createTickets<Screen>(clock, ports.random ?? randomBytes, limits.ticket);
  const login = createScreenLogin(ports, clock, limits);

  const keyOf = (link: string, screen: string) => `${link}/${screen}`;
  const tell = (screen: Screen, detail: string, failure: ScreenError | null, viewers?: number): void => {
    const told = failure === null ? null : { kind: failure.kind, message: failure.message };
    const progress: ScreenProgress = { screen: screen.ref.screen, step: screen.step, detail, failure: told, ...(viewers === undefined ? {} : { viewers }) };
    for (const listener of [...(listeners.get(screen.link) ?? [])]) listener(progress);
  };
  const viewersOf = (server: string, gateway: string) =>
    [...screens.values()].filter((one) => one.loggedIn !== null && one.ref.server === server && one.ref.gateway === gateway);
  const ofGateway = (server: string, gateway: string) => viewersOf(server, gateway).length;
  /** Ours at once, those of other programs as the server's sockets were last seen. */
  const sharing = (server: string, gateway: string) => Math.max(ofGateway(server, gateway), ports.clients?.(server, gateway) ?? 0);
  /** Viewers of one screen share mouse and keyboard: each is told when another comes or goes. */
  const recount = (): void => {
    for (const one of screens.values()) {
      const viewers = sharing(one.ref.server, one.ref.gateway);
      if (one.loggedIn === null || viewers === one.viewers) continue;
      one.viewers = viewers;
      tell(one, "", null, viewers);
    }
  };
  /** @returns whether it was still there */
  const forget = (screen: Screen): boolean => {
    if (screen.ticket !== null) tickets.revoke(screen.ticket);
    screen.ticket = null;
    const shown = screen.loggedIn !== null;
    screen.loggedIn?.stream.destroy();
    screen.loggedIn = null;
    if (shown) recount();
    const key = keyOf(screen.link, screen.ref.screen);
    return screens.get(key) === screen && screens.delete(key);
  };
  /** Ended from this side. */
  const end = (screen: Screen, message: string): void => {
    screen.abort.abort(new ScreenError("cancelled", message));
    forget(screen);
  };
  /** Ended by the other side: the person is told. */
  const lose = (screen: Screen, why: ScreenError): void => {
    if (forget(screen)) tell(screen, "", why);
  };

  async function reach(screen: Screen): Promise<LoggedIn> {
    const { server, gateway } = screen.ref;
    const { signal } = screen.abort;
    const step = (name: ScreenStep, detail: string) => {
      screen.step = name;
      if (!signal.aborted) tell(screen, detail, null);
    };
    const link = ports.link(server);
    if (link === null) throw new ScreenError("link", `there is no server "${server}" in the settings`);
    const relax = link.hurry();
    try {
      step("server", "connecting to the server");
      await waitForLink(link, { clock, patienceMs: limits.server, personMs: limits.person, signal });
      step("address", "looking for the screen's address");
      const late = new ScreenError("no-address", `the screen's address was not found within ${limits.address / 1000} s`);
      const address = await within(clock, signal, limits.address, late, (until) => ports.address(server, gateway, until));
      if (address === null) throw new ScreenError("no-address", "the screen's port is neither published nor reachable at the container's address");
      const loggedIn = await login.logIn({ server, gateway, signal, step }, link, address);
      step("picture", loggedIn.session.desktopName);
      return loggedIn;
    } finally {
      relax();
    }
  }

  function admit(screen: Screen, loggedIn: LoggedIn): ScreenOpened {
    const { server, gateway } = screen.ref;
    const closed = new ScreenError("closed", "the screen's server closed the connection");
    if (screen.abort.signal.aborted || loggedIn.stream.destroyed) {
      loggedIn.stream.destroy();
      throw screen.abort.signal.aborted ? screen.abort.signal.reason : closed;
    }
    screen.loggedIn = loggedIn;
    // It is told by the answer.
    screen.viewers = sharing(server, gateway);
    recount();
    loggedIn.stream.once("close", () => {
      // Once attached, the relay tells why it ended.
      if (screen.ticket !== null) lose(screen, closed);
    });
    screen.ticket = tickets.issue(screen.link, screen, () => lose(screen, new ScreenError("closed", "no viewer came for the screen")));
    return { screen: screen.ref.screen, ticket: screen.ticket, desktopName: loggedIn.session.desktopName, viewers: screen.viewers };
  }

  return {
    async open(ref, { signal, link }) {
      const key = keyOf(link, ref.screen);
      if (screens.has(key)) throw new CallError("failed", `the screen "${ref.screen}" is open already`, ["closed"]);
      const screen: Screen = { ref, link, abort: new AbortController(), step: "server", loggedIn: null, ticket: null, viewers: 0 };
      screens.set(key, screen);
      const cancel = () => end(screen, "cancelled");
      if (signal.aborted) cancel();
      signal.addEventListener("abort", cancel, { once: true });
      try {
        return admit(screen, await reach(screen));
      } catch (thrown) {
        const error = thrown instanceof ScreenError ? thrown : new ScreenError("closed", thrown instanceof Error ? thrown.message : String(thrown));
        forget(screen);
        if (error.kind === "too-many-attempts") ports.report(ref.server, ref.gateway, { kind: "login", version: "", login: "too-many-attempts" });
        // What the server itself said needs no second look, and TigerVNC counts each connection without a log-in as a failure.
        if (!SAID.has(error.kind)) ports.report(ref.server, ref.gateway, { kind: "failed", error });
        tell(screen, "", error);
        throw new CallError(error.kind === "cancelled" ? "cancelled" : "failed", error.message, [error.kind]);
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    },
    attach(ticket, link, channel) {
      const screen = tickets.redeem(ticket, link);
      if (screen === null || screen.loggedIn === null) throw new Error("the ticket for this screen is not valid (any more)");
      screen.ticket = null;
      const { stream, session } = screen.loggedIn;
      void relayScreen(stream, channel, session.serverInit).then(({ by, reason }) => {
        // Told before the channel ends, so that the window knows why when its viewer disconnects.
        if (by === "server") lose(screen, new ScreenError("closed", reason));
        else forget(screen);
        channel.end(reason);
      });
    },
    close(name, link) {
      const screen = screens.get(keyOf(link, name));
      if (screen !== undefined) end(screen, "closed");
    },
    picture(name, picture, link) {
      const screen = screens.get(keyOf(link, name));
      if (screen?.loggedIn != null) ports.report(screen.ref.server, screen.ref.gateway, { kind: "picture", picture });
    },
    openCount: ofGateway,
    forgetPassword: login.forget,
    recount,
    onProgress(link, listener) {
      const all = listeners.get(link) ?? new Set();
      listeners.set(link, all.add(listener));
      return () => {
        all.delete(listener);
        if (all.size === 0) listeners.delete(link);
      };
    },
    linkEnded(link) {
      for (const screen of [...screens.values()]) if (screen.link === link) end(screen, "the window was closed");
    },
    dispose() {
      for (const screen of [...screens.values()]) end(screen, "Gatelight was closed");
      listeners.clear();
    },
  };
}
