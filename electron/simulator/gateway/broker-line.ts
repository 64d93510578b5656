import type { FixedRow, Namespace } from "../net/namespace.ts";
import type { ApiServer } from "./api-server.ts";

const FARM_LIST = "All data farms are connected: usfarm.nj; eufarm; ushmds; secdefil.";

/** The gateway's own line to IBKR: a row in the socket table, and what API clients are told of it. */
export class BrokerLine {
  readonly #namespace: Namespace;
  readonly #api: ApiServer;
  #row: FixedRow | null = null;
  /** The gateway has begun to hold a line (logged in). */
  wanted = false;

  constructor(namespace: Namespace, api: ApiServer) {
    this.#namespace = namespace;
    this.#api = api;
  }

  get up(): boolean {
    return this.#row !== null;
  }

  /** @param code on coming back: 1101 means that data must be asked anew, 1102 that it was kept */
  set(up: boolean, code: 1101 | 1102 = 1102): void {
    if (!this.wanted || up === this.up) return;
    if (up) {
      this.#row = {
        family: 6,
        local: { address: this.#namespace.address, port: this.#namespace.ephemeralPort() },
        remote: { address: "198.51.100.21", port: 4001 },
        state: 1,
        uid: 1000,
      };
      this.#namespace.fixed.add(this.#row);
      const data = code === 1101 ? "data lost" : "data maintained";
      this.#api.notice(code, `Connectivity between IBKR and Trader Workstation has been restored - ${data}. ${FARM_LIST}`);
    } else {
      this.#drop();
      this.#api.notice(1100, "Connectivity between IBKR and Trader Workstation has been lost.");
    }
    this.#namespace.changed();
  }

  /** The JVM ends: nobody is told. */
  end(): void {
    this.wanted = false;
    this.#drop();
    this.#namespace.changed();
  }

  #drop(): void {
    if (this.#row !== null) this.#namespace.fixed.delete(this.#row);
    this.#row = null;
  }
}
