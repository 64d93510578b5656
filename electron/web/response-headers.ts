import { ownHosts } from "./admission.ts";

/** Headers of every answer. noVNC needs `data:` images; 'self' does not cover ws: in every browser. */
export function responseHeaders(port: number): Readonly<Record<string, string>> {
  const sockets = ownHosts(port)
    .filter((host) => !host.startsWith("["))
    .map((host) => `ws://${host}`)
    .join(" ");
  return {
    "Content-Security-Policy": [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data: blob:",
      "font-src 'self'",
      `connect-src 'self' ${sockets}`,
      "frame-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
    ].join("; "),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=()",
  };
}
