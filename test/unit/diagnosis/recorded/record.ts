import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GatewayEvidence } from "../../../../electron/core/diagnosis/evidence.ts";
import { startLab } from "../../../lab/lab.ts";
import { openTestCore } from "../../../support/test-core.ts";

/**
 * Records what a Gatelight that watches the lab learns while a fault sets in, for the test beside this file. By hand, as root:
 * `npx node --experimental-transform-types test/unit/diagnosis/recorded/record.ts wedge relay-gone …` (npm run lab -- list names the faults).
 */
const LOOK_MS = 200;
const AFTER_MS = 5_000;
const NAMED_MS = 90_000;

const lab = await startLab({ speed: 8, healMs: 4_000 });
/** Nothing of this machine. */
const clean = (text: string) => text.replaceAll(lab.host.address, "linuxserver.lan").replaceAll(lab.folder, "/srv").replaceAll("172.28.", "172.18.");

try {
  for (const id of process.argv.slice(2)) {
    const gatelight = await openTestCore(lab.settings(), { vncPassword: lab.vncPassword });
    try {
      const lights = () => gatelight.gateway("paper").lights;
      await gatelight.until("green", () => Object.values(lights()).every(({ state }) => state === "up"), 120_000);
      const runtime = [...gatelight.core.servers.values()][0]?.gateway("paper");
      if (runtime == null) throw new Error("there is no gateway");
      const steps: { readonly now: number; readonly evidence: Partial<GatewayEvidence> }[] = [];
      let before: Partial<Record<string, string>> = {};
      const look = () => {
        const { forwards: _none, ...evidence } = runtime.evidence();
        const texts = Object.fromEntries(Object.entries(evidence).map(([name, value]) => [name, JSON.stringify(value)]));
        const changed = Object.entries(evidence).filter(([name]) => texts[name] !== before[name]);
        before = texts;
        if (changed.length > 0) steps.push({ now: Date.now(), evidence: Object.fromEntries(changed) });
      };
      look();
      const timer = setInterval(look, LOOK_MS);
      const onset = Date.now();
      const fault = await lab.inject(id);
      const injected = Date.now();
      await gatelight.until(`${id} is named ${fault.cause}`, () => gatelight.gateway("paper").cause?.id === fault.cause, NAMED_MS);
      await new Promise((resolve) => setTimeout(resolve, AFTER_MS));
      clearInterval(timer);
      const head = { fault: id, cause: fault.cause, onset, injected, until: Date.now() };
      writeFileSync(join(import.meta.dirname, `${id}.ndjson`), clean([head, ...steps].map((line) => `${JSON.stringify(line)}\n`).join("")));
      process.stdout.write(`${id}: ${steps.length} steps\n`);
    } catch (error) {
      process.stderr.write(`${id}: ${String(error)}\n`);
    } finally {
      await gatelight.close();
      await lab.heal();
    }
  }
} finally {
  await lab.dispose();
}
