import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openTestCore } from "../support/test-core.ts";

describe("a password that a person types", () => {
  it("reaches its asker, and from then on no line of the log, also where it is not kept", async () => {
    const gatelight = await openTestCore({ version: 1 }, { somebody: true });
    const { core, log, dataDir } = gatelight;
    try {
      const asked = core.prompts.ask({
        key: "ssh-password/home",
        kind: "password",
        server: "home",
        gateway: null,
        title: "Password",
        detail: "",
        fields: [{ name: "password", label: "Password", secret: true }],
        canRemember: false,
        hostKey: null,
      });
      const [prompt] = core.prompts.open;
      const context = { signal: new AbortController().signal, link: "test" };
      await core.handlers["prompt.answer"]({ id: prompt?.id ?? "", values: { password: "sesame-9731" }, remember: false }, context);
      expect(await asked).toMatchObject({ kind: "answered", answer: { values: { password: "sesame-9731" } } });
      log.error("some library says: sesame-9731 was refused", { error: "sesame-9731" });
      const written = readFileSync(join(dataDir, "gatelight.log"), "utf8");
      expect(written).toContain("some library says");
      expect(written).not.toContain("sesame-9731");
      expect(JSON.stringify(core.store.current)).not.toContain("sesame-9731");
    } finally {
      await gatelight.close();
    }
  });
});
