import type { ServerEvidence } from "./evidence.ts";
import type { LightVerdict } from "./finding.ts";
import { serverLight } from "./lights.ts";

/** The server's own two lights, for the rail: its link and its Docker. */
export function serverLights(evidence: ServerEvidence, now: number): { readonly link: LightVerdict; readonly docker: LightVerdict } {
  return { link: serverLight(evidence, now), docker: dockerLight(evidence) };
}

function dockerLight({ docker, link }: ServerEvidence): LightVerdict {
  if (link.value.kind !== "up") return { state: "unknown", word: "not reached", detail: "The server is not reached now." };
  if (docker === null) return { state: "connecting", word: "asking", detail: "Docker has not answered yet." };
  switch (docker.value.kind) {
    case "ok":
      return { state: "up", word: "answers", detail: docker.value.version === null ? "Docker answers." : `Docker ${docker.value.version} answers.` };
    case "down":
      return { state: "down", word: "down", detail: docker.value.message };
    case "permission":
      return { state: "down", word: "forbidden", detail: docker.value.message };
    case "not-installed":
      return { state: "down", word: "missing", detail: docker.value.message };
    case "error":
      return { state: "degraded", word: "error", detail: docker.value.message };
  }
}
