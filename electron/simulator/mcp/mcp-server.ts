import type { Container, ContainerProgram, ProcessRow } from "../docker/container.ts";
import type { Home, HomeGateway } from "../home.ts";
import type { SimClock } from "../sim-clock.ts";
import type { McpPlan } from "./mcp-plan.ts";

export interface McpOptions {
  readonly clock: SimClock;
  readonly home: Home;
  readonly gateway: HomeGateway;
  readonly plan: McpPlan;
}

export class McpServer implements ContainerProgram {
  readonly container: Container;
  readonly options: McpOptions;

  constructor(container: Container, options: McpOptions) {
    this.container = container;
    this.options = options;
  }
  start(): void {
    this.container.namespace.listen({ port: 8000, family: 4, address: "0.0.0.0", backlog: 128, uid: 0, onConnection: (socket) => socket.end() });
  }
  kill(): void {}
  processes(firstPid: number): ProcessRow[] {
    return [{ pid: firstPid, stat: "Ss", comm: "uvicorn", args: "uvicorn server:app --host 0.0.0.0" }];
  }
  file(): string | null {
    return null;
  }
  killProcess(): number {
    return 0;
  }
  startProcess(): boolean {
    return false;
  }
}
