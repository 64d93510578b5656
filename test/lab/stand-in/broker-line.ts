import { connect, type Socket } from "node:net";

const RETRY_MS = 1_000;
const TRY_MS = 3_000;

/** The gateway's own line to IBKR: a real TCP connection to the stand-in broker's port 4001. */
export class BrokerLine {
  private socket: Socket | null = null;
  private wanted = false;
  private retry: NodeJS.Timeout | null = null;
  up = false;

  constructor(
    private readonly address: { readonly host: string; readonly port: number },
    private readonly returns: () => "by-itself" | "when-told",
    private readonly onChange: (up: boolean) => void,
  ) {}

  start(): void {
    this.wanted = true;
    this.dial();
  }

  lose(): void {
    this.socket?.destroy();
  }

  /** RECONNECTACCOUNT. */
  again(): void {
    this.lose();
    if (this.wanted && !this.up) this.dial();
  }

  private dial(): void {
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = null;
    const socket = connect(this.address);
    this.socket = socket;
    const late = setTimeout(() => socket.destroy(), TRY_MS);
    socket.on("error", () => socket.destroy());
    socket.on("connect", () => {
      clearTimeout(late);
      this.up = true;
      this.onChange(true);
    });
    socket.resume();
    socket.on("close", () => {
      clearTimeout(late);
      if (this.socket !== socket) return;
      const lost = this.up;
      this.up = false;
      if (lost) this.onChange(false);
      if (this.returns() === "by-itself") this.retry = setTimeout(() => this.dial(), RETRY_MS);
    });
  }
}
