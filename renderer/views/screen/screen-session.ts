import { VncChannel } from "../../../shared/rpc.ts";
import type { ScreenFailure, ScreenStep } from "../../../shared/snapshot.ts";
import { messageOf } from "../../api/errors.ts";
import type { Link } from "../../api/link.ts";
import { valueStore } from "../../api/value-store.ts";
import type { BoundedViewer, BoundedViewerMaker } from "./bounded-viewer.ts";
import { isPainted } from "./painted.ts";

export type ScreenState =
  | { readonly kind: "idle" }
  | { readonly kind: "opening"; readonly step: ScreenStep; readonly detail: string; readonly again: boolean }
  | { readonly kind: "shown"; readonly black: boolean; readonly viewers: number }
  /** Tried again by itself. `seen`: a picture was there before. */
  | { readonly kind: "waiting"; readonly until: number; readonly failure: ScreenFailure; readonly message: string; readonly seen: boolean }
  | { readonly kind: "failed"; readonly failure: ScreenFailure; readonly message: string };

export interface ScreenPorts {
  readonly link: Link;
  readonly server: string;
  readonly gateway: string;
  /** Loads noVNC, which is large, on first use. */
  readonly loadViewer: () => Promise<BoundedViewerMaker>;
  /** Holds the remote canvas; must never be without size. */
  readonly target: HTMLElement;
  /** Set up the viewer's looks before it connects, and keep it to drive it. `null`: it is gone. */
  readonly onViewer: (viewer: BoundedViewer | null) => void;
  /** The picture as it was when the connection ended. */
  readonly onLastPicture: (picture: ImageData) => void;
  /** What was copied there; `null`: too long to be brought over. */
  readonly onClipboard: (text: string | null) => void;
}

interface Attempt {
  readonly stop: AbortController;
  readonly screen: string;
  channel: VncChannel | null;
  viewer: BoundedViewer | null;
  viewers: number;
  /** Something was shown, so there is a last picture to keep. */
  pictured: boolean;
  /** noVNC disconnected by itself; to ask it to once more is an error. */
  disconnected: boolean;
}

const WAITS_MS = [1000, 2000, 5000, 10_000, 30_000];
const BLACK_MS = 5000;
/** Characters: more is no text that somebody would paste into a dialog. */
const MAX_CLIPBOARD = 256 * 1024;
/** A first picture that does not come at all. */
const CONNECT_MS = 15_000;
/** Trying again by itself would not help, or would lock the password out. */
const FINAL: ReadonlySet<ScreenFailure> = new Set([
  "password-missing",
  "password-wrong",
  "too-many-attempts",
  "no-password-set",
  "unsupported",
  "wrong-service",
  "forbidden",
  "cancelled",
]);

/** One screen of one gateway: opens it, shows it, and opens it again when it is lost. */
export class ScreenSession {
  readonly state = valueStore<ScreenState>({ kind: "idle" });
  readonly #ports: ScreenPorts;
  #attempt: Attempt | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;
  #seen = false;
  /** The keys were with the picture when it was lost. */
  #hadKeys = false;

  constructor(ports: ScreenPorts) {
    this.#ports = ports;
  }

  /** Time of the newest change of the picture (performance.now); `null` while nothing is shown. */
  get lastChangeAt(): number | null {
    return this.#attempt?.channel?.lastChangeAt ?? null;
  }
  /** Since when the screen owes an answer (performance.now). */
  get askedAt(): number | null {
    return this.#attempt?.channel?.askedAt ?? null;
  }
  holds(element: Element): boolean {
    return this.#ports.target.contains(element);
  }
  /** The picture loses the focus: who lets go of Ctrl or Alt then is not heard there. */
  releaseKeys(): void {
    this.#attempt?.viewer?.releaseKeys();
  }
  /** Asks for a sign of life where a picture is shown. */
  ask(): void {
    if (this.state.get().kind === "shown") this.#attempt?.channel?.ask();
  }

  open(again = false): void {
    if (this.#disposed) return;
    this.#end();
    this.state.set({ kind: "opening", step: "server", detail: "", again });
    void this.#run(again);
  }

  /** The person changed their mind, or closes the screen. */
  cancel(): void {
    this.#end();
    this.#failures = 0;
    this.#seen = false;
    this.state.set({ kind: "failed", failure: "cancelled", message: "" });
  }

  dispose(): void {
    this.#disposed = true;
    this.#end();
  }

  async #run(again: boolean): Promise<void> {
    const { link, server, gateway } = this.#ports;
    const screen = crypto.randomUUID();
    const stop = new AbortController();
    const attempt: Attempt = { stop, screen, channel: null, viewer: null, viewers: 1, pictured: false, disconnected: false };
    this.#attempt = attempt;
    let failure: { kind: ScreenFailure; message: string } | null = null;
    const off = link.onScreenProgress(screen, (progress) => {
      failure = progress.failure ?? failure;
      if (stop.signal.aborted) return;
      if (progress.viewers !== undefined) this.#countViewers(attempt, progress.viewers);
      else if (this.state.get().kind === "opening") this.state.set({ kind: "opening", step: progress.step, detail: progress.detail, again });
    });
    stop.signal.addEventListener("abort", off, { once: true });
    try {
      const [opened, Viewer] = await Promise.all([link.call("screen.open", { server, gateway, screen }, { signal: stop.signal }), this.#ports.loadViewer()]);
      if (stop.signal.aborted) return;
      this.state.set({ kind: "opening", step: "picture", detail: opened.desktopName, again });
      attempt.viewers = opened.viewers;
      this.#show(attempt, Viewer, opened.ticket, () => failure);
    } catch (error) {
      if (!stop.signal.aborted) this.#lost(failure ?? { kind: "closed", message: messageOf(error) });
    }
  }

  #countViewers(attempt: Attempt, viewers: number): void {
    attempt.viewers = viewers;
    const state = this.state.get();
    if (state.kind === "shown") this.state.set({ ...state, viewers });
  }

  #show(attempt: Attempt, Viewer: BoundedViewerMaker, ticket: string, failure: () => { kind: ScreenFailure; message: string } | null): void {
    const { link, target, onViewer, onClipboard } = this.#ports;
    const { signal } = attempt.stop;
    const channel = new VncChannel(link.openChannel(ticket));
    const viewer = new Viewer(target, channel, { shared: true });
    attempt.channel = channel;
    attempt.viewer = viewer;
    onViewer(viewer);
    // noVNC does not notice a server that falls silent before its first picture.
    this.#timer = setTimeout(() => viewer.disconnect(), CONNECT_MS);
    viewer.addEventListener("connect", () => {
      clearTimeout(this.#timer);
      this.#watchPicture(attempt);
    });
    viewer.addEventListener("clipboard", (event) => {
      if (signal.aborted || !(event instanceof CustomEvent)) return;
      const text = String(event.detail?.text ?? "");
      onClipboard(text.length > MAX_CLIPBOARD ? null : text);
    });
    viewer.addEventListener("cliptoolong", () => {
      if (!signal.aborted) onClipboard(null);
    });
    viewer.addEventListener("disconnect", () => {
      attempt.disconnected = true;
      if (!signal.aborted) this.#lost(failure() ?? { kind: "closed", message: viewer.fault });
    });
  }

  /** Tells Core whether something is painted: a connection that works and shows one colour is a finding of its own. */
  #watchPicture(attempt: Attempt): void {
    const began = performance.now();
    const look = () => {
      if (attempt.stop.signal.aborted) return;
      const painted = isPainted(this.#ports.target.querySelector("canvas"));
      const late = performance.now() - began >= BLACK_MS;
      if (painted || late) {
        this.#giveKeysBack(attempt);
        this.#failures = 0;
        attempt.pictured = true;
        this.#seen = true;
        this.state.set({ kind: "shown", black: !painted, viewers: attempt.viewers });
        // Only evidence: without an answer the picture is there all the same.
        this.#ports.link
          .call("screen.picture", { screen: attempt.screen, picture: painted ? "painted" : "black" }, { signal: attempt.stop.signal })
          .catch(() => undefined);
      }
      if (!painted) this.#timer = setTimeout(look, late ? 1000 : 100);
    };
    look();
  }

  /** Unless the person has gone elsewhere meanwhile. */
  #giveKeysBack(attempt: Attempt): void {
    if (this.#hadKeys && (document.activeElement === null || document.activeElement === document.body)) attempt.viewer?.focus();
    this.#hadKeys = false;
  }

  #lost(failure: { kind: ScreenFailure; message: string }): void {
    this.#end();
    // A screen that was there once is tried for ever; one that never came is left to the person.
    const wait = WAITS_MS[this.#failures] ?? (this.#seen ? WAITS_MS.at(-1) : undefined);
    if (this.#disposed || FINAL.has(failure.kind) || wait === undefined) {
      this.#failures = 0;
      this.state.set({ kind: "failed", failure: failure.kind, message: failure.message });
      return;
    }
    this.#failures += 1;
    this.state.set({ kind: "waiting", until: Date.now() + wait, failure: failure.kind, message: failure.message, seen: this.#seen });
    this.#timer = setTimeout(() => this.open(true), wait);
  }

  #end(): void {
    clearTimeout(this.#timer);
    const attempt = this.#attempt;
    this.#attempt = null;
    if (attempt === null) return;
    attempt.stop.abort();
    this.#hadKeys ||= this.#ports.target.contains(document.activeElement);
    if (attempt.viewer !== null) {
      if (attempt.pictured) this.#ports.onLastPicture(attempt.viewer.getImageData());
      this.#ports.onViewer(null);
      attempt.viewer.releaseKeys();
      if (!attempt.disconnected) attempt.viewer.disconnect();
    }
    // Core also ends it when the channel closes; this covers an attempt that never got one.
    this.#ports.link.call("screen.close", { screen: attempt.screen }).catch(() => undefined);
  }
}
