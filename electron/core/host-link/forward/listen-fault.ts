/** Whether a listener failed in a way that somebody who holds the port may be the reason of. Windows says EACCES of a port held exclusively. */
export function mayBeHeld(code: string | undefined, platform: NodeJS.Platform): boolean {
  return code === "EADDRINUSE" || (code === "EACCES" && platform === "win32");
}

/** Why a port of this machine cannot be listened on, as a sentence. `holder`: see `portHolder`. */
export function listenFault(error: NodeJS.ErrnoException, port: number, holder: string | null, platform: NodeJS.Platform): string {
  if (holder !== null) return `Port ${port} is already in use by ${holder}.`;
  if (error.code === "EADDRINUSE") return `Port ${port} is already in use.`;
  if (error.code !== "EACCES") return `Port ${port} cannot be listened on: ${error.code ?? error.message}.`;
  // Windows has no privileged ports, but sets aside ranges that change with each start.
  if (platform === "win32") {
    return `Port ${port} is not given out by Windows, most often because Hyper-V, WSL or Docker reserve it ("netsh interface ipv4 show excludedportrange protocol=tcp" lists such ports).`;
  }
  return `Port ${port} may not be used by this user (ports below 1024 need special rights).`;
}
