import { z } from "zod";
import { CAUSES, CONFIDENCES, LIGHT_STATES, LIGHTS, REPAIRS } from "../../../shared/words.ts";

/** The promise of `doctor --json`, version 1. Strict: what is not promised does not slip out. */

const time = z.iso.datetime();
const state = z.enum(LIGHT_STATES);
const light = z.strictObject({ state, word: z.string(), detail: z.string(), latencyMs: z.number().min(0).optional(), since: time });
const finding = z.strictObject({ id: z.enum(CAUSES), title: z.string().min(1), because: z.array(z.string()), confidence: z.enum(CONFIDENCES) });
const price = z.strictObject({ secondFactor: z.boolean(), losesUiSettings: z.boolean(), downtimeSeconds: z.number().min(0) });

export const doctorReport = z.strictObject({
  version: z.literal(1),
  at: time,
  light: state,
  servers: z.array(
    z.strictObject({
      id: z.string(),
      light: state,
      gateways: z.array(
        z.strictObject({
          id: z.string(),
          mode: z.enum(["paper", "live"]),
          light: state,
          lights: z.record(z.enum(LIGHTS), light),
          cause: finding.nullable(),
          others: z.array(finding),
          repairs: z.array(z.strictObject({ id: z.enum(REPAIRS), title: z.string(), price })),
          accounts: z.array(z.strictObject({ id: z.string(), netLiquidation: z.strictObject({ value: z.string(), currency: z.string() }).nullable() })),
          evidence: z.record(z.string(), z.strictObject({ value: z.string(), at: time.nullable() })),
        }),
      ),
    }),
  ),
});
export type DoctorReport = z.output<typeof doctorReport>;
