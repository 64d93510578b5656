import { appendFileSync, existsSync, readFileSync, rmSync, watchFile, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { dialogOpened, frameOpened, ibcError, ibcLine } from "../../../electron/simulator/gateway/ibc-log.ts";
import { type Effect, loginSteps, type ScreenState, type Step } from "../../../electron/simulator/gateway/login-script.ts";
import type { ApiSettings } from "../../../electron/simulator/gateway/plan.ts";
import type { ScreenModel } from "../../../electron/simulator/screen/screen-model.ts";
import { SimClock } from "../../../electron/simulator/sim-clock.ts";
import { ApiPort } from "./api-port.ts";
import { BrokerLine } from "./broker-line.ts";
import { type Orders, planOf, readOrders } from "./orders.ts";
import { XWindow } from "./x-window.ts";

/**
 * The process that stands for IBC and the gateway's JVM inside a container of the lab. Started by run.sh as IBC would start Java; what it
 * prints is docker's log. It ends with IBC's exit codes. Everything it holds is real: listeners, the line to the broker, an X window.
 */
const env = (name: string): string => process.env[name] ?? "";
const mode = env("LAB_MODE") === "live" ? "live" : "paper";
const SHARED = "/lab";
const SETTINGS = "/home/ibgateway/tws_settings/ibg.json";
const AUTORESTART = "/home/ibgateway/tws_settings/autorestart";
const LAUNCHER_LOG = "/home/ibgateway/tws_settings/launcher.log";
const ORDERS = join(SHARED, "orders.json");
/** The orders that were taken up last. */
const OBEYED = join(SHARED, "obeyed.json");

// The kernel keeps fifteen letters of it; docker top shows them.
process.title = "java";

class StandIn implements ScreenModel {
  orders: Orders = firstOrders();
  plan = planOf(mode, this.orders);
  settings: ApiSettings = readSettings();
  screenState: ScreenState = "black";
  mainSince: number | null = null;
  readonly clock = new SimClock(Number(env("LAB_SPEED")) || 1);
  readonly entries: { at: number; text: string }[] = [];
  readonly container = { log: { entries: this.entries } };
  readonly api: ApiPort;
  readonly broker: BrokerLine;
  private readonly window: XWindow;
  private restarting = false;
  private attempt = 1;

  constructor() {
    this.api = new ApiPort({
      clock: this.clock,
      plan: () => this.plan,
      settings: () => this.settings,
      record: join(SHARED, "api.log"),
      onDialog: (open) => {
        this.say(dialogOpened("Accept incoming connection", open ? "Opened" : "Closed"));
        this.window.changed();
      },
      onChange: () => this.window.changed(),
    });
    const [host = "", port = "4001"] = env("LAB_BROKER").split(":");
    this.broker = new BrokerLine(
      { host, port: Number(port) },
      () => (this.orders.kickedOut === true ? "when-told" : (this.orders.brokerReturns ?? "by-itself")),
      (up) => {
        this.plan.broker.line = up;
        if (up) this.api.notice(1102, "Connectivity between IBKR and Trader Workstation has been restored - data maintained.");
        else this.api.notice(1100, "Connectivity between IBKR and Trader Workstation has been lost.");
        this.window.changed();
      },
    );
    this.window = new XWindow(process.env.DISPLAY ?? ":1", this);
  }

  get brokerLine(): boolean {
    return this.broker.up;
  }

  start(): void {
    const autorestart = existsSync(AUTORESTART);
    if (this.orders.desupported === env("LAB_BUILD")) this.plan.login = "build-desupported";
    // A token that IBKR takes no longer: it stays where it lies, and every start trips over it.
    if (autorestart && readFileSync(AUTORESTART, "utf8").trim() === "stale") this.plan.login = "stale-autorestart";
    else rmSync(AUTORESTART, { force: true });
    this.play(loginSteps(this.context(autorestart), 0));
    if (this.orders.triesAgain === true)
      this.clock.after(60_000, () => this.say("Login attempt: 2", "Click button: Paper Log In", frameOpened("Authenticating...")));
    this.clock.everyReal(1_000, () => this.api.tick());
    watchFile(ORDERS, { interval: 250 }, () => this.obey());
  }

  say(...texts: string[]): void {
    const at = Date.now();
    for (const text of texts) this.print(ibcLine(at, text));
    if (texts.some((text) => text.includes("Authenticating..."))) this.authenticates();
  }
  /** What docker's log does not hold: whether IBKR says anything at all. */
  private authenticates(): void {
    const log = (text: string) => appendFileSync(LAUNCHER_LOG, `${new Date().toISOString().replace("T", " ").slice(0, 23)} [JA] ${text}\n`);
    if (this.plan.login === "broker-lockout") this.clock.after(30_000, () => log("WARN - AuthTimeoutMonitor-CCP: Timeout!"));
    else log("INFO - AuthTimeoutMonitor-CCP: NS_AUTH_START");
  }
  print(...lines: string[]): void {
    for (const text of lines) {
      process.stdout.write(`${text}\n`);
      this.entries.push({ at: Date.now(), text });
    }
    if (this.entries.length > 200) this.entries.splice(0, 100);
  }

  applySettings(next: ApiSettings): void {
    const moved = next.socketPort !== this.settings.socketPort;
    this.settings = { ...next, trustedIps: [...next.trustedIps] };
    if (moved) {
      this.plan.portOverride = null;
      this.api.portChanged(next.socketPort);
    } else this.api.reopen();
    this.save();
    this.window.changed();
  }

  acceptDisclaimer(): void {
    this.plan.api.disclaimer = false;
    this.say("Click button: I understand and accept", "Login has completed");
    this.show("main");
  }

  /** The second factor was approved: the rest of the log-in follows. */
  approve(): void {
    if (this.mainSince !== null) return;
    this.plan.login = "good";
    const steps = loginSteps({ ...this.context(true), needsSecondFactor: false }, 0).filter((step) => step.at >= 18_000);
    this.play(steps.map((step) => ({ ...step, at: step.at - 18_000 })));
  }

  /** @returns false while one is under way */
  softRestart(): boolean {
    if (this.restarting) return false;
    this.restarting = true;
    this.clock.after(4_000, () => {
      this.say(dialogOpened("Restart in progress"), dialogOpened("Shutdown progress"));
      this.save();
      writeFileSync(AUTORESTART, "");
      this.clock.after(1_000, () => process.exit(0));
    });
    return true;
  }

  stop(): void {
    if (this.mainSince !== null) this.save();
    this.clock.after(1_500, () => {
      this.say(dialogOpened("Shutdown progress"));
      process.exit(0);
    });
  }

  command(word: string): { reply: string; close: boolean } {
    switch (word) {
      case "STOP":
        this.stop();
        return { reply: "OK Shutting down: STOP command", close: true };
      case "RESTART":
        return this.softRestart() ? { reply: "OK RESTART in progress", close: true } : { reply: "ERROR RESTART already in progress", close: true };
      case "RECONNECTDATA":
        for (const farm of this.plan.broker.brokenFarms) this.api.farm(farm, true);
        this.plan.broker.brokenFarms.clear();
        return { reply: "OK ", close: false };
      case "RECONNECTACCOUNT":
        this.broker.again();
        return { reply: "OK ", close: false };
      case "ENABLEAPI":
        return { reply: "ERROR ENABLEAPI is not valid for the IB Gateway", close: false };
      case "EXIT":
        return { reply: "OK Goodbye", close: true };
      default:
        return { reply: "ERROR Command invalid", close: false };
    }
  }

  /** New orders while it runs: what the protocol does, farms, a moved port, a cut of all clients. */
  private obey(): void {
    const before = this.plan;
    const { drop: dropped, kickedOut } = this.orders;
    this.orders = readOrders(ORDERS);
    if (this.orders.eat === true) eatMemory();
    if (this.orders.logsOff === true) this.logOff();
    if (this.orders.kickedOut === true) this.kickOut();
    else if (kickedOut === true) this.broker.again();
    this.window.show(this.orders.windowGone !== true);
    const next = planOf(mode, this.orders);
    for (const farm of ["usfarm.nj", ...before.broker.brokenFarms]) {
      const was = before.broker.brokenFarms.has(farm);
      const is = next.broker.brokenFarms.has(farm);
      if (was !== is) this.api.farm(farm, !is);
    }
    // A person clicked it; it stays as long as nobody does, whether or not its client still waits.
    if (before.acceptDialog && !next.acceptDialog) this.api.answerDialog(true);
    const moved = next.portOverride !== before.portOverride;
    // The connections hold the plan: it is changed, never replaced.
    Object.assign(before.api, next.api);
    before.broker.brokenFarms = next.broker.brokenFarms;
    Object.assign(before, { ...next, api: before.api, broker: before.broker, login: before.login === "good" ? next.login : before.login });
    if (moved) this.api.portChanged(next.portOverride ?? this.settings.socketPort);
    if (this.orders.drop !== dropped) this.api.dropAll();
    this.window.changed();
    writeFileSync(OBEYED, JSON.stringify(this.orders));
  }

  private logOff(): void {
    this.say(dialogOpened("Shutdown progress"));
    process.exit(0);
  }

  /** What IBC does with ExistingSessionDetectedAction=primary; here the other does not give way. */
  private kickOut(): void {
    this.say(dialogOpened("Re-login is required"), "Re-login to session");
    this.broker.lose();
  }

  private save(): void {
    writeFileSync(SETTINGS, JSON.stringify(this.settings));
  }

  private context(again: boolean) {
    return {
      plan: this.plan,
      relayPort: mode === "paper" ? 4004 : 4003,
      apiPort: mode === "paper" ? 4002 : 4001,
      needsSecondFactor: !again && this.orders.secondFactor === true,
      autorestart: again,
      attempt: this.attempt++,
      readOnly: this.settings.readOnly,
    };
  }

  private play(steps: readonly Step[]): void {
    for (const step of steps)
      this.clock.after(step.at, () => {
        if (step.image !== undefined) this.print(...step.image);
        if (step.ibc !== undefined) this.say(...step.ibc);
        if (step.error !== undefined) this.print(...ibcError(Date.now(), step.error));
        if (step.effect !== undefined) this.effect(step.effect);
      });
  }

  private effect(effect: Effect): void {
    if (effect.kind === "command-server") this.openCommands();
    else if (effect.kind === "broker") this.broker.start();
    else if (effect.kind === "api") {
      if (this.plan.login === "paper-disclaimer") this.plan.api.disclaimer = true;
      this.api.open();
    } else if (effect.kind === "screen") this.show(effect.show);
    else if (effect.kind === "exit") {
      // IBC's flag for a cold restart: its start script begins anew inside the container.
      if (effect.restart) writeFileSync("/tmp/again", "");
      process.exit(effect.code);
    }
  }

  private show(state: ScreenState): void {
    this.screenState = state;
    if (state === "main") this.mainSince = Date.now();
    this.window.changed();
  }

  /** IBC's command server: one command a line, 127.0.0.1 alone. */
  private openCommands(): void {
    if (this.plan.commandPort === 0) return;
    const server = createServer((socket) => {
      const from = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
      this.say(`CommandServer accepted connection from: /${from}`);
      socket.on("error", () => socket.destroy());
      if (!from.startsWith("127.")) return void socket.destroy();
      let text = "";
      socket.setEncoding("latin1");
      socket.on("data", (chunk: string) => {
        text += chunk;
        const lines = text.split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) {
          const { reply, close } = this.command(line.trim().toUpperCase());
          socket.write(`${reply}\r\n`);
          if (close) socket.end();
        }
      });
    });
    server.listen({ port: this.plan.commandPort, host: "::", backlog: 50 });
  }
}

function readSettings(): ApiSettings {
  if (existsSync(SETTINGS)) return JSON.parse(readFileSync(SETTINGS, "utf8")) as ApiSettings;
  return { socketPort: mode === "paper" ? 4002 : 4001, readOnly: false, localhostOnly: true, trustedIps: ["127.0.0.1"] };
}

function firstOrders(): Orders {
  const orders = readOrders(ORDERS);
  return orders.untilRestart === true ? {} : orders;
}

function eatMemory(): void {
  const eaten: Buffer[] = [];
  setInterval(() => eaten.push(Buffer.alloc(32 << 20, 1)), 20);
}

new StandIn().start();
