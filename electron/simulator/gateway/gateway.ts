import type { Duplex } from "node:stream";
import type { Container, ContainerProgram, ProcessRow } from "../docker/container.ts";
import type { Listener } from "../net/listener.ts";
import type { SimClock } from "../sim-clock.ts";
import { ApiServer } from "./api-server.ts";
import { BrokerLine } from "./broker-line.ts";
import { openCommandServer } from "./command-server.ts";
import { gatewayFile } from "./gateway-files.ts";
import { gatewayProcesses } from "./gateway-processes.ts";
import { dialogOpened, ibcError, ibcLine } from "./ibc-log.ts";
import { bootSteps, type Effect, loginSteps, type ScreenState, type ScriptContext, type Step } from "./login-script.ts";
import type { ApiSettings, GatewayPlan, LoginPlan } from "./plan.ts";
import { runCommand } from "./run-command.ts";
import { Schedule } from "./schedule.ts";
import { SideProcesses } from "./side-processes.ts";

/** The screen of one gateway, as this program drives it. */
export interface ScreenPort {
  serve(socket: Duplex): void;
  /** Something that is shown may have changed. */
  changed(): void;
  closeClients(): void;
  dispose(): void;
}

export interface GatewayOptions {
  readonly clock: SimClock;
  readonly mode: "paper" | "live";
  readonly plan: GatewayPlan;
  /** The settings volume: survives the JVM and, with the volume, the container. */
  readonly saved: ApiSettings;
  readonly screen: (gateway: Gateway) => ScreenPort;
}

/** The image's loop starts socat again after SSH_RESTART. */
const RESPAWN_MS = 5_000;
const CURED_BY_START: ReadonlySet<LoginPlan> = new Set(["restart-stalled", "second-factor-missed", "second-factor-missed-loop", "weekly-login-due"]);
const copy = (settings: ApiSettings): ApiSettings => ({ ...settings, trustedIps: [...settings.trustedIps] });

/** What runs in a gateway's container: Xvfb, x11vnc, socat, IBC, and the JVM with the API. */
export class Gateway implements ContainerProgram {
  readonly container: Container;
  readonly plan: GatewayPlan;
  readonly mode: "paper" | "live";
  readonly relayPort: number;
  readonly api: ApiServer;
  /** In the JVM's memory; written to `saved` only by a graceful exit. */
  settings: ApiSettings;
  screenState: ScreenState = "black";
  /** Since when the window is there. */
  mainSince: number | null = null;
  javaRunning = false;
  readonly sides: SideProcesses;
  readonly #options: GatewayOptions;
  readonly #screen: ScreenPort;
  #command: Listener | null = null;
  readonly #broker: BrokerLine;
  readonly #schedule: Schedule;
  #attempt = 0;
  #restarting = false;
  readonly commands: string[] = [];

  constructor(container: Container, options: GatewayOptions) {
    this.container = container;
    this.#options = options;
    this.#schedule = new Schedule(options.clock);
    this.plan = options.plan;
    this.mode = options.mode;
    this.relayPort = options.mode === "paper" ? 4004 : 4003;
    this.settings = copy(options.saved);
    this.api = new ApiServer({
      namespace: container.namespace,
      clock: options.clock,
      plan: options.plan,
      settings: () => this.settings,
      onDialog: (open) => {
        this.say(dialogOpened("Accept incoming connection", open ? "Opened" : "Closed"));
        this.#screen.changed();
      },
      onChange: () => this.#screen.changed(),
    });
    this.#broker = new BrokerLine(container.namespace, this.api);
    this.sides = new SideProcesses({
      container,
      clock: options.clock,
      plan: options.plan,
      relayPort: this.relayPort,
      apiPort: this.apiPort,
      view: (socket) => this.#screen.serve(socket),
      closeViews: () => this.#screen.closeClients(),
    });
    this.#screen = options.screen(this);
  }

  get clock(): SimClock {
    return this.#options.clock;
  }
  get apiPort(): number {
    return this.mode === "paper" ? 4002 : 4001;
  }
  get brokerLine(): boolean {
    return this.#broker.up;
  }
  get screen(): ScreenPort {
    return this.#screen;
  }

  /** True if a program could trade now: listening, accepting, answering, data flowing. */
  get usable(): boolean {
    const { plan } = this;
    // The relay leads to one port, wherever the API was moved since.
    const reachable = this.sides.relayRunning && this.api.listener?.options.port === this.apiPort && plan.relayTarget === null;
    const answers = plan.api.reply === "good" && !plan.api.deaf && !plan.api.disclaimer && !plan.api.accountSilent && !plan.acceptDialog;
    return this.container.running && reachable && answers && this.api.listener !== null && !this.api.listener.paused && this.brokerLine;
  }

  start(ageMs: number): void {
    this.settings = copy(this.#options.saved);
    this.#attempt = 0;
    // What a full log-in from the beginning cures; with an age it is history that is told.
    if (ageMs === 0 && CURED_BY_START.has(this.plan.login)) this.plan.login = "good";
    const context = this.#context(false);
    this.#play([...bootSteps(context), ...loginSteps(context, 5_000)], ageMs);
    this.#schedule.everyReal(1_000, () => this.api.tick());
    this.apply();
  }

  kill(): void {
    this.#schedule.clear();
    this.#stopJava();
    this.sides.kill();
    this.#restarting = false;
  }

  processes(firstPid: number): ProcessRow[] {
    return gatewayProcesses(this, firstPid);
  }
  file(path: string): string | null {
    return gatewayFile(this, path);
  }

  killProcess(comm: string, signal: string): number {
    if (this.sides.killOne(comm, (run) => this.#schedule.after(RESPAWN_MS, run))) return 1;
    if (comm !== "java" || !this.javaRunning) return 0;
    if (signal === "STOP" || signal === "CONT") {
      this.plan.hung = signal === "STOP" ? "stopped" : null;
      this.apply();
    } else this.#exit(137, false);
    return 1;
  }

  startProcess(argv: readonly string[]): boolean {
    return this.sides.startOne(argv);
  }

  /** Takes up what the plan says now; for scenarios that turn while it runs. */
  apply(): void {
    this.api.apply();
    this.sides.apply();
    this.#broker.set(this.plan.broker.line);
    this.#screen.changed();
  }

  say(...texts: string[]): void {
    const at = this.clock.now();
    for (const text of texts) this.container.log.write(at, ibcLine(at + this.plan.logSkewMs, text));
  }
  print(...lines: string[]): void {
    for (const line of lines) this.container.log.write(this.clock.now(), line);
  }

  /** Apply (or OK) in the gateway's own settings dialog. */
  applySettings(next: ApiSettings): void {
    const portMoved = next.socketPort !== this.settings.socketPort;
    const reopen = portMoved || next.localhostOnly !== this.settings.localhostOnly || next.trustedIps.join() !== this.settings.trustedIps.join();
    this.settings = copy(next);
    if (portMoved) {
      this.plan.portOverride = null;
      this.api.portChanged(next.socketPort);
    } else if (reopen) this.api.reopen();
    this.#screen.changed();
  }

  /** The broker's side: the line falls or comes back. `code` 1101: data must be asked anew; 1102: kept. */
  setBrokerLine(up: boolean, code: 1101 | 1102 = 1102): void {
    this.plan.broker.line = up;
    this.#broker.set(up, code);
    this.#screen.changed();
  }

  /** A log-in that waits for a person goes on. */
  approve(): void {
    if (!this.javaRunning || this.mainSince !== null) return;
    this.plan.login = "good";
    this.#play(
      loginSteps({ ...this.#context(true), autorestart: true }, 0)
        .filter((step) => step.at >= 18_000)
        .map((step) => ({ ...step, at: step.at - 18_000 })),
      0,
    );
  }

  /** A person clicks the paper notice away. */
  acceptDisclaimer(): void {
    this.plan.api.disclaimer = false;
    this.plan.login = "good";
    this.say("Click button: I understand and accept", "Login has completed");
    this.#show("main");
  }

  /** IBC's token restart inside the container: no second factor, settings are written. */
  softRestart(): boolean {
    if (this.#restarting) return false;
    this.#restarting = true;
    this.#schedule.after(4_000, () => {
      this.say(dialogOpened("Restart in progress"), dialogOpened("Shutdown progress"));
      this.#save();
      this.#stopJava();
      this.#schedule.after(3_000, () => {
        this.print("autorestart file found at /home/ibgateway/tws_settings/abcdefghijk/autorestart", "IBC returned exit status 0", "IBC will restart shortly");
        this.#restarting = false;
        this.#play(loginSteps({ ...this.#context(true), autorestart: true }, 2_000), 0);
      });
    });
    return true;
  }

  /** File > Close by IBC's STOP: settings are written (once logged in), then the container's first process ends. */
  stopGracefully(): void {
    if (this.mainSince !== null) this.#save();
    this.#schedule.after(1_500, () => {
      this.say(dialogOpened("Shutdown progress"));
      this.#exit(0, false);
    });
  }

  #save(): void {
    Object.assign(this.#options.saved, copy(this.settings));
  }

  #context(again: boolean): ScriptContext {
    this.#attempt += 1;
    return {
      plan: this.plan,
      relayPort: this.relayPort,
      apiPort: this.apiPort,
      needsSecondFactor: this.mode === "live" && !again,
      autorestart: false,
      attempt: this.#attempt,
      readOnly: this.settings.readOnly,
    };
  }

  #play(steps: readonly Step[], ageMs: number): void {
    this.#schedule.play(steps, ageMs, (step, at) => this.#step(step, at));
  }

  #step(step: Step, at: number): void {
    const { log } = this.container;
    for (const line of step.image ?? []) log.write(at, line);
    for (const text of step.ibc ?? []) log.write(at, ibcLine(at + this.plan.logSkewMs, text));
    if (step.error !== undefined) for (const line of ibcError(at + this.plan.logSkewMs, step.error)) log.write(at, line);
    if (step.effect !== undefined) this.#effect(step.effect);
  }

  #effect(effect: Effect) {
    switch (effect.kind) {
      case "xvfb":
        return this.sides.startXvfb();
      case "vnc":
        return this.sides.startVnc();
      case "relay":
        return this.sides.startRelay();
      case "java":
        this.javaRunning = true;
        return;
      case "command-server":
        if (this.plan.commandPort !== 0 && this.#command === null) this.#startCommands();
        return;
      case "broker":
        this.#broker.wanted = true;
        return this.#broker.set(this.plan.broker.line);
      case "api":
        if (this.plan.login === "paper-disclaimer") this.plan.api.disclaimer = true;
        return this.api.open();
      case "main-window":
      case "main-window-up":
        return this.#screen.changed();
      case "screen":
        return this.#show(effect.show);
      case "exit":
        return this.#exit(effect.code, effect.restart);
    }
  }

  #show(state: ScreenState): void {
    this.screenState = state;
    if (state === "main") this.mainSince = this.clock.now();
    this.#screen.changed();
  }

  /** ibcstart.sh: 88 and cold restarts loop inside the container, other codes end it. */
  #exit(code: number, restart: boolean): void {
    this.#stopJava();
    this.print(`IBC returned exit status ${code}`);
    if (restart && (code === 88 || this.plan.login === "cold-restart-loop" || this.plan.login === "wrong-password")) {
      this.print("IBC will restart shortly");
      this.#play(loginSteps(this.#context(true), 5_000), 0);
      return;
    }
    this.print("Gateway finished");
    setImmediate(() => this.container.exited(code));
  }

  #stopJava(): void {
    this.javaRunning = false;
    this.api.close();
    this.#command?.close();
    this.#command = null;
    this.#broker.end();
    this.mainSince = null;
    this.screenState = "black";
    // What lived in the JVM dies with it.
    this.plan.acceptStopped = false;
    this.plan.hung = null;
    this.plan.api.deaf = false;
    this.plan.api.accountSilent = false;
    this.plan.api.heldClientIds.clear();
    this.container.namespace.changed();
    this.#screen.changed();
  }

  #startCommands(): void {
    this.#command = openCommandServer(this.container.namespace, this.plan.commandPort, {
      log: (text) => this.say(text),
      mute: () => this.plan.hung !== null || this.plan.login === "restart-stalled",
      run: (command) => {
        this.commands.push(command);
        return runCommand(command, this);
      },
    });
  }
}
