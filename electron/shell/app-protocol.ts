import { protocol, type Session } from "electron";
import { readStatic } from "../web/static-files.ts";
import { isOurs, SCHEME } from "./routes.ts";

/** noVNC paints from `data:` images and uPlot exports a `blob:`. Everything else comes from the package. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=()",
};

/** Must run before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } }]);
}

/** Serves the built window, read only, from inside one folder. */
export function serveApp(session: Session, folder: string): void {
  session.protocol.handle(SCHEME, (request) => answer(request, folder));
}

export async function answer(request: Pick<Request, "url" | "method">, folder: string): Promise<Response> {
  const refuse = (status: number) => new Response(null, { status, headers: HEADERS });
  if (!isOurs(request.url)) return refuse(404);
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(405);
  // The raw text after the host, before any URL parser makes "..", "%2e" or "\" harmless-looking.
  const file = await readStatic(folder, request.url.slice(`${SCHEME}://`.length).replace(/^[^/?#]*/, "") || "/");
  if (file === null) return refuse(404);
  return new Response(request.method === "HEAD" ? null : new Uint8Array(file.body), {
    status: 200,
    headers: { ...HEADERS, "Content-Type": file.type, "Content-Length": String(file.body.length), "Cache-Control": "no-cache" },
  });
}
