import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

interface Extra {
  readonly fileParallelism?: boolean;
  readonly globalSetup?: string[];
  readonly maxWorkers?: number;
  readonly sequence?: { readonly groupOrder: number };
}
const project = (name: string, include: string[], testTimeout: number, extra: Extra = {}) => ({
  test: { name, include, testTimeout, hookTimeout: 60_000, ...extra },
});

/** The lab takes the longest and mostly waits: it begins first, beside all others. */
class LabFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter((file) => file.project.name === "lab"), ...sorted.filter((file) => file.project.name !== "lab")];
  }
}

/** `gatelight` is run as built. With GATELIGHT_LAB=full the whole catalogue is shown, in many labs side by side, a file each; else one lab shows some of it. */
const BUILT = { globalSetup: ["test/lab/built.ts"] };
const lab =
  process.env.GATELIGHT_LAB === "full"
    ? project("lab", ["test/lab/{whole/*,faults,stand-in}.test.ts"], 180_000, { ...BUILT, maxWorkers: 4, sequence: { groupOrder: 1 } })
    : project("lab", ["test/lab/*.test.ts"], 180_000, BUILT);

/** Projects by what they need: nothing (unit, contract, walls, security), real peers (integration, ui), root and Docker (lab). */
export default defineConfig({
  test: {
    // Most tests with real peers wait for deadlines, not for the processor.
    maxWorkers: 3,
    maxConcurrency: 8,
    sequence: { sequencer: LabFirst },
    // In CI a test with real peers gets a second try; the reporter names those that needed it.
    retry: process.env.CI === "true" ? 1 : 0,
    // What comes sooner or later may come late on a machine that is busy; one second, the default, is a wager.
    expect: { poll: { timeout: 15_000 } },
    pool: "forks",
    projects: [
      project("walls", ["test/walls/**/*.test.ts"], 30_000),
      project("unit", ["test/unit/**/*.test.{ts,tsx}"], 15_000),
      project("contract", ["test/contract/**/*.test.ts"], 30_000),
      project("security", ["test/security/**/*.test.ts"], 60_000),
      project("integration", ["test/integration/**/*.test.ts"], 60_000),
      project("shell", ["test/shell/**/*.test.ts"], 60_000),
      project("ui", ["test/ui/**/*.test.ts"], 90_000, { fileParallelism: false }),
      lab,
    ],
  },
});
