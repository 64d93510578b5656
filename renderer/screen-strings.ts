import type { ScreenFailure, ScreenStep } from "../shared/snapshot.ts";

export const SCREEN_STEPS: Readonly<Record<ScreenStep, string>> = {
  server: "Reach the server",
  address: "Find the screen's address",
  dial: "Connect to the screen",
  login: "Log in",
  picture: "Wait for the first picture",
};

export const SCREEN_FAILURES: Readonly<Record<ScreenFailure, { readonly title: string; readonly wayOut: string }>> = {
  link: { title: "The server cannot be reached", wayOut: "Gatelight keeps trying to reach the server. The screen can be opened as soon as its light is up." },
  forbidden: { title: "The server forbids forwarding", wayOut: "Allow it for this user in sshd_config (AllowTcpForwarding, PermitOpen), then try again." },
  "no-address": {
    title: "The screen has no address",
    wayOut: "The container is not running or publishes no VNC port. Set the address in Settings, or start the container.",
  },
  refused: { title: "No screen listens there", wayOut: "The VNC server inside the container is off or has died. “Restart the screen” starts it again." },
  silent: {
    title: "The screen does not answer",
    wayOut: "Something accepts the connection but says nothing. Restart the screen, or wait if the server is busy.",
  },
  "wrong-service": { title: "Something else answers at that address", wayOut: "Check the VNC port of this gateway in Settings." },
  "password-missing": { title: "The screen wants a password", wayOut: "Try again and enter the VNC password; the keychain keeps it if you wish." },
  "password-wrong": { title: "The VNC password was refused", wayOut: "Only the first 8 characters count. Try again with another one." },
  "too-many-attempts": {
    title: "The screen refuses further attempts for now",
    wayOut: "The VNC server locks out after several wrong passwords. Wait a minute before the next try.",
  },
  "no-password-set": {
    title: "The screen has no password set",
    wayOut: "The VNC server is switched off without one. Set VNC_SERVER_PASSWORD for the container and recreate it.",
  },
  unsupported: { title: "This screen speaks a dialect that Gatelight does not know", wayOut: "Use x11vnc or TigerVNC with VNC password authentication." },
  closed: { title: "The screen closed the connection", wayOut: "Try again. If it closes each time, restart the screen." },
  cancelled: { title: "Cancelled", wayOut: "Open it again whenever you like." },
};
