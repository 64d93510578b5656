import type { Stack } from "../stack.ts";

/** What faults do to a gateway's container besides orders to its process. */

/** From where the gateway sees its relay: 127.0.0.1, or the container's own address, a stranger's to it. */
export async function relayFrom(stack: Stack, where: "localhost" | "own"): Promise<void> {
  stack.mark("relay-target", where === "own" ? "own" : null);
  await stack.exec(["pkill", "-x", "socat"], true);
}

interface ApiBoxes {
  readonly readOnly?: boolean;
  readonly localhostOnly?: boolean;
}
const FILE = "/home/ibgateway/tws_settings/ibg.json";

/** The API settings that the gateway's next process finds, as a person has saved them; the others are the defaults. */
export async function saveApiSettings(stack: Stack, boxes: ApiBoxes): Promise<void> {
  const settings = { socketPort: stack.apiPort, readOnly: false, localhostOnly: true, trustedIps: ["127.0.0.1"], ...boxes };
  await stack.exec(["sh", "-c", `echo '${JSON.stringify(settings)}' > ${FILE}`]);
}
export const forgetApiSettings = async (stack: Stack): Promise<void> => void (await stack.exec(["rm", "-f", FILE]));
