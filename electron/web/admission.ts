import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Who may speak to the browser host. Any page on the internet can make a browser connect to loopback, and a name can be rebound to
 * 127.0.0.1: so Host is checked against our own list, never against Origin, and Origin against exact origins.
 */
export function ownHosts(port: number): readonly string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
}

export function hostAllowed(host: string | undefined, port: number): boolean {
  return host !== undefined && ownHosts(port).includes(host.toLowerCase());
}

/** A missing Origin (no browser) is allowed here: the token decides. */
export function originAllowed(origin: string | undefined, port: number): boolean {
  return origin === undefined || ownHosts(port).some((host) => origin === `http://${host}`);
}

/** Takes the same time wherever the two differ, and whatever their lengths. */
export function tokenMatches(given: string, token: string): boolean {
  const digest = (value: string) => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(given), digest(token));
}
