import type { Duplex } from "node:stream";
import type { Gateway, ScreenPort } from "../gateway/gateway.ts";
import type { SimClock } from "../sim-clock.ts";
import { Canvas } from "./canvas.ts";
import { changedTiles } from "./changed-tiles.ts";
import { RfbClient } from "./rfb-client.ts";
import { paintScreen } from "./screen-model.ts";
import { actOn, pressKey } from "./ui-actions.ts";
import { IDLE, type UiState } from "./ui-state.ts";
import { type Hit, Painter } from "./widgets.ts";

export interface ScreenOptions {
  readonly gateway: Gateway;
  readonly clock: SimClock;
  readonly password: string;
}

const WIDTH = 1024;
const HEIGHT = 768;
/** At most so often is the picture painted anew. */
const PAINT_MS = 40;

/** The X display of one gateway container with what x11vnc shows of it. Painted only while somebody looks. */
export function createScreen({ gateway, clock, password }: ScreenOptions): ScreenPort {
  const shown = new Canvas(WIDTH, HEIGHT);
  const clients = new Set<RfbClient>();
  const state: UiState = { ...IDLE };
  let hits: readonly Hit[] = [];
  let buttons = 0;
  let scheduled = false;

  const draw = (canvas: Canvas): void => {
    hits = paintScreen(canvas, gateway, state);
  };
  const paint = () => {
    if (clients.size === 0 || gateway.plan.hung !== null) return;
    if (gateway.mainSince === null) state.settings = null;
    const next = new Canvas(WIDTH, HEIGHT);
    draw(next);
    const rects = changedTiles(shown, next);
    shown.pixels.set(next.pixels);
    if (rects.length > 0) for (const client of clients) client.changed(rects);
  };
  const changed = () => {
    if (scheduled || clients.size === 0) return;
    scheduled = true;
    clock.after(PAINT_MS * clock.speed, () => {
      scheduled = false;
      paint();
    });
  };
  const unfollow = gateway.container.log.follow(changed);

  return {
    serve(socket: Duplex) {
      // The picture is there before the first viewer asks for it.
      if (clients.size === 0) draw(shown);
      const client: RfbClient = new RfbClient(socket, {
        canvas: shown,
        desktopName: `${gateway.container.id.slice(0, 12)}:1`,
        password: () => (gateway.plan.vncPasswordChanged ? `${password.slice(0, 4)}-new` : password),
        onPointer: (x, y, now) => {
          if (gateway.plan.hung !== null) return;
          const pressed = (now & 1) !== 0 && (buttons & 1) === 0;
          const released = (now & 1) === 0 && (buttons & 1) !== 0;
          buttons = now;
          const under = Painter.at(hits, x, y);
          if (pressed) {
            state.pressed = under;
            if (under !== null) state.focus = under;
          }
          if (released) {
            const target = state.pressed;
            state.pressed = null;
            if (target !== null && target === under) actOn(target, state, gateway);
          }
          if (pressed || released) changed();
        },
        onKey: (keysym, down) => {
          if (gateway.plan.hung !== null) return;
          pressKey(keysym, down, state, gateway);
          if (down) changed();
        },
        onClosed: () => clients.delete(client),
      });
      clients.add(client);
      changed();
    },
    changed,
    closeClients() {
      for (const client of [...clients]) client.close();
    },
    dispose() {
      unfollow();
      for (const client of [...clients]) client.close();
    },
  };
}
