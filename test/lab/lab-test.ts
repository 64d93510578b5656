import type { Lab } from "./lab.ts";
import type { Watching } from "./watching.ts";

/** What is shown in a lab beside its faults. */
export interface LabTest {
  readonly name: string;
  readonly run: (lab: Lab, watching: Watching) => Promise<void>;
  /** ms */
  readonly timeout: number;
  /** `every`: in each run; `whole`: with GATELIGHT_LAB=full; `quick`: only without. */
  readonly when: "every" | "whole" | "quick";
}
