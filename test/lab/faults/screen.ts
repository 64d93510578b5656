import type { Stack } from "../stack.ts";
import { type Fault, marked, nothing } from "./fault.ts";

/** The gateway's screen: rows 39 to 42. */

/** As run.sh starts it. */
async function startAnew(stack: Stack): Promise<void> {
  // Its port is free only when the one before has ended.
  const end = "pkill -x x11vnc; for _ in $(seq 50); do pgrep -x x11vnc >/dev/null || break; sleep 0.1; done";
  const command = `${end}; exec x11vnc -display :1 -forever -shared -bg -noipv6 -quiet -passwd "$VNC_SERVER_PASSWORD" >/dev/null 2>&1`;
  await stack.exec(["sh", "-c", command], true);
}

export const SCREEN_FAULTS: readonly Fault[] = [
  {
    id: "x11vnc-killed",
    cause: "vnc-died",
    seen: "running",
    ageMs: 32_000,
    inject: async (stack) => void (await stack.exec(["pkill", "-x", "x11vnc"], true)),
    heal: (stack) => startAnew(stack),
  },
  {
    // Its server waits for a display that no longer answers.
    id: "display-frozen",
    cause: "vnc-died",
    seen: "running",
    ageMs: 32_000,
    inject: async (stack) => void (await stack.exec(["pkill", "-STOP", "-x", "Xvfb"], true)),
    heal: async (stack) => void (await stack.exec(["pkill", "-CONT", "-x", "Xvfb"], true)),
  },
  marked("vnc-not-set-up", "vnc-off", "no-vnc"),
  {
    id: "vnc-password-wrong",
    cause: "vnc-password-wrong",
    seen: "fresh",
    asking: () => ({ env: { GATELIGHT_VNC_PASSWORD: "not-this" } }),
    inject: nothing,
    heal: nothing,
  },
  {
    // The display is there, and no program has a window on it.
    id: "screen-black",
    cause: "vnc-black",
    seen: "fresh",
    ageMs: 62_000,
    asking: ({ vncPassword }) => ({ env: { GATELIGHT_VNC_PASSWORD: vncPassword } }),
    inject: async (stack) => stack.order({ windowGone: true }),
    heal: async (stack) => stack.order({}),
  },
];
