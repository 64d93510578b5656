import type { Container } from "../docker/container.ts";
import type { Endpoint } from "../net/endpoint.ts";
import type { Listener } from "../net/listener.ts";
import { Relay } from "../net/relay.ts";
import type { SimClock } from "../sim-clock.ts";
import type { GatewayPlan } from "./plan.ts";

export interface SideOptions {
  readonly container: Container;
  readonly clock: SimClock;
  readonly plan: GatewayPlan;
  readonly relayPort: number;
  readonly apiPort: number;
  readonly view: (socket: Endpoint) => void;
  readonly closeViews: () => void;
}

const X_SOCKETS = ["@/tmp/.X11-unix/X1", "/tmp/.X11-unix/X1"];

/** What runs beside the JVM: Xvfb, x11vnc (both started once, never again) and socat (respawned by its loop). */
export class SideProcesses {
  readonly #options: SideOptions;
  #relay: Relay | null = null;
  #vnc: Listener | null = null;
  #xvfb = false;

  constructor(options: SideOptions) {
    this.#options = options;
  }

  get relayRunning(): boolean {
    return this.#relay !== null;
  }
  get vncRunning(): boolean {
    return this.#vnc !== null;
  }
  get xvfbRunning(): boolean {
    return this.#xvfb;
  }

  startXvfb(): void {
    this.#xvfb = true;
    for (const path of X_SOCKETS) this.#options.container.namespace.unixSockets.add(path);
    this.#options.container.namespace.changed();
  }

  stopXvfb(): void {
    this.#xvfb = false;
    for (const path of X_SOCKETS) this.#options.container.namespace.unixSockets.delete(path);
    this.#options.container.namespace.changed();
    this.stopVnc();
  }

  startRelay(): void {
    const { plan, container, clock, relayPort, apiPort } = this.#options;
    if (plan.relay !== "running" || this.#relay !== null || !container.running) return;
    this.#relay = new Relay(container.namespace, {
      port: relayPort,
      address: "0.0.0.0",
      targetHost: plan.relayTarget ?? "127.0.0.1",
      targetPort: apiPort,
      log: (line) => {
        const stamp = new Date(clock.now()).toISOString().slice(0, 19).replaceAll("-", "/").replace("T", " ");
        container.log.write(clock.now(), `${stamp} ${line}`, "stderr");
      },
    });
  }

  stopRelay(): void {
    this.#relay?.close();
    this.#relay = null;
  }

  startVnc(): void {
    const { plan, container } = this.#options;
    if (this.#vnc !== null || plan.vnc === "off" || plan.vnc === "died") return;
    this.#vnc = container.namespace.listen({ port: 5900, family: 4, address: "0.0.0.0", backlog: 32, onConnection: this.#options.view });
  }

  stopVnc(): void {
    this.#vnc?.close();
    this.#vnc = null;
    this.#options.closeViews();
  }

  /** Ends the process of that name. @param respawn runs later what the image's loop does @returns whether it ran */
  killOne(comm: string, respawn: (run: () => void) => void): boolean {
    if (comm === "socat" && this.relayRunning) {
      this.stopRelay();
      respawn(() => this.startRelay());
      return true;
    }
    if (comm === "x11vnc" && this.vncRunning) {
      this.stopVnc();
      return true;
    }
    if (comm !== "Xvfb" || !this.#xvfb) return false;
    this.stopXvfb();
    return true;
  }

  /** A person or a repair starts one again. @returns whether it is known and was not running */
  startOne(argv: readonly string[]): boolean {
    const [name = ""] = argv;
    if (name === "x11vnc" && this.#xvfb && !this.vncRunning) {
      this.#options.plan.vnc = "running";
      this.startVnc();
      return true;
    }
    if ((name === "socat" || argv.some((word) => word.endsWith("run_socat.sh"))) && !this.relayRunning) {
      this.#options.plan.relay = "running";
      this.startRelay();
      return true;
    }
    return false;
  }

  /** Takes up what the plan says now. */
  apply(): void {
    if (this.#options.plan.relay !== "running") this.stopRelay();
    if (this.#options.plan.vnc === "died" || this.#options.plan.vnc === "off") this.stopVnc();
  }

  kill(): void {
    this.stopRelay();
    this.stopVnc();
    this.#xvfb = false;
  }
}
