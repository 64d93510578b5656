import { IBApi } from "@stoqey/ib/dist/api/api.js";

/**
 * `@stoqey/ib` 1.6.10 dials by itself (net.connect, no way in for a stream), so the private `connect` of its socket object is replaced: it writes to
 * us, and frames are handed in one by one. A unit test pins the private shape; the version is pinned in package.json.
 */
export interface LibraryLink {
  readonly api: IBApi;
  /** Sends the hello. */
  open(): void;
  /**
   * Hands in one whole, checked frame; the library's events are emitted before it returns.
   * @throws whatever the library's decoder or a listener throws
   */
  deliver(frame: Buffer): void;
  /** Nothing is sent or heard from then on: the library's rate limiter may still hold messages, and they must not outlive the connection. */
  cut(): void;
}

interface PrivateSocket {
  _status: number;
  client: unknown;
  connect: (clientId?: number) => void;
  onConnect: () => void;
  onData: (data: Buffer) => void;
}
interface PrivateController {
  pause: () => void;
}

const CONNECTING = 2;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
function isPrivateSocket(value: unknown): value is PrivateSocket {
  return (
    isObject(value) &&
    typeof value._status === "number" &&
    typeof value.connect === "function" &&
    typeof value.onConnect === "function" &&
    typeof value.onData === "function"
  );
}
const isPrivateController = (value: unknown): value is PrivateController => isObject(value) && typeof value.pause === "function";

/** At most so many requests a second leave; the gateway allows 50. */
const MAX_REQUESTS_PER_SECOND = 40;

/**
 * A fresh `IBApi` for one connection. All four options are passed: with one missing the library reads a .env file into the environment.
 * @param write called with exactly one message at a time; must not throw (the library calls it from its own timers)
 * @throws Error when the library's private shape is not the known one
 */
export function createLibraryLink(clientId: number, write: (bytes: Buffer) => void): LibraryLink {
  const api = new IBApi({ host: "gatelight.invalid", port: 1, clientId, maxReqPerSec: MAX_REQUESTS_PER_SECOND });
  const controller: unknown = Reflect.get(api, "controller");
  const socket: unknown = isObject(controller) ? controller.socket : null;
  if (!isPrivateController(controller) || !isPrivateSocket(socket)) throw new Error("@stoqey/ib is not the version this program was made for");
  let alive = true;
  socket.connect = () => {
    socket._status = CONNECTING;
    controller.pause();
    socket.client = {
      write: (bytes: Buffer) => {
        if (alive) write(bytes);
      },
      end: () => undefined,
      destroy: () => undefined,
    };
    socket.onConnect();
  };
  return {
    api,
    open: () => void api.connect(clientId),
    deliver: (frame) => socket.onData(frame),
    cut() {
      alive = false;
      api.removeAllListeners();
      controller.pause();
    },
  };
}
