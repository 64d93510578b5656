import type { DockerFact } from "../diagnosis/evidence.ts";
import { ExecError, type ExecResult } from "../host-link/host-link.ts";

/**
 * What a failed docker command says of docker itself. Texts of the docker and podman clients, 2016 to 2026.
 * @returns `null` when docker answered, whatever it said of the container asked for
 */
export function dockerFault(result: Pick<ExecResult, "code" | "stderr">): Exclude<DockerFact, { kind: "ok" }> | null {
  if (result.code === 0) return null;
  const text = result.stderr.slice(0, 4096);
  const message = firstLine(text) || `docker ended with ${result.code === null ? "a signal" : `code ${result.code}`}`;
  if (/permission denied/i.test(text)) return { kind: "permission", message };
  if (
    /cannot connect to the docker daemon|is the docker daemon running|connection refused|error during connect|docker\.sock: connect: no such file/i.test(text)
  ) {
    return { kind: "down", message };
  }
  if (result.code === 127 || /command not found|(docker|podman)\S*: not found/i.test(text)) return { kind: "not-installed", message };
  // 126: the shell found it and may not run it.
  if (result.code === 126) return { kind: "permission", message };
  if (/no such (object|container)|is not running|no container with name/i.test(text)) return null;
  return { kind: "error", message };
}

/** The same for a command that could not be run. `null`: the link is at fault, docker is not judged. */
export function dockerFaultOf(error: unknown): Exclude<DockerFact, { kind: "ok" }> | null {
  if (!(error instanceof ExecError)) return { kind: "error", message: firstLine(String(error)) };
  if (error.reason === "not-found") return { kind: "not-installed", message: error.message };
  if (error.reason === "timeout") return { kind: "error", message: "docker did not answer in time" };
  if (error.reason === "link-down" || error.reason === "aborted" || error.reason === "forbidden") return null;
  return { kind: "error", message: error.message };
}

function firstLine(text: string): string {
  const line = text.split("\n").find((one) => one.trim() !== "" && !/^WARNING/.test(one)) ?? "";
  return line.trim().slice(0, 300);
}

/** The same as a fact: `ok` when docker answered, whatever it said of the container asked for. */
export function classifyDockerError(code: number | null, stderr: string): DockerFact {
  return dockerFault({ code, stderr }) ?? { kind: "ok", version: null };
}
