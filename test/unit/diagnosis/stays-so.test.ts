import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import type { Fact, GatewayEvidence } from "../../../electron/core/diagnosis/evidence.ts";
import { MAX_AGE_MS } from "../../../electron/core/diagnosis/look.ts";
import { CONFIRM_MS } from "../../../electron/core/diagnosis/settle.ts";
import { answered, sameVerdict, staysSo } from "../../../electron/core/diagnosis/stays-so.ts";
import { CALM_CASES } from "./cases/calm.ts";
import { GATEWAY_CASES } from "./cases/gateway.ts";
import { LOGIN_CASES } from "./cases/login.ts";
import { SERVER_CASES } from "./cases/server.ts";
import { healthy, NOW, ready, S } from "./evidence-builder.ts";

const AHEAD = 10 * S;
const records = [healthy(), ...[...CALM_CASES, ...GATEWAY_CASES, ...LOGIN_CASES, ...SERVER_CASES].map((each) => each.evidence)];
const older = <T>(fact: Fact<T> | null, ms: number): Fact<T> | null => (fact === null ? null : { ...fact, at: NOW - ms });

describe("a verdict that is said to stay so", () => {
  it("is that of every moment until then but for less than a fault needs to be believed, whatever is known and however old it is", () => {
    const ages = fc.record({ container: fc.nat(160 * S), sockets: fc.nat(40 * S), screen: fc.nat(310 * S), mcp: fc.nat(70 * S), processes: fc.nat(100 * S) });
    let stayed = 0;
    fc.assert(
      fc.property(fc.constantFrom(...records), ages, fc.nat(180 * S), (record: GatewayEvidence, age, later) => {
        const evidence = {
          ...record,
          container: older(record.container, age.container),
          sockets: older(record.sockets, age.sockets),
          screen: older(record.screen, age.screen),
          mcp: older(record.mcp, age.mcp),
          processes: older(record.processes, age.processes),
        };
        const now = NOW + later;
        const verdict = diagnose(answered(evidence, now), now);
        if (verdict.light !== "up" || !staysSo(verdict, evidence, now, AHEAD)) return;
        stayed++;
        let otherwise = 0;
        for (let t = 0; t <= AHEAD; t += 250) {
          otherwise = sameVerdict(verdict, diagnose(answered(evidence, now + t), now + t)) ? 0 : otherwise + 250;
          // A fault that no light may show: it would have to be seen for 3 s.
          expect(otherwise, `${t} ms later`).toBeLessThan(CONFIRM_MS);
        }
      }),
      { numRuns: 1_500 },
    );
    expect(stayed).toBeGreaterThan(20);
  });

  it("is not said where a fact will be too old by then", () => {
    const evidence = { ...healthy(), sockets: older(healthy().sockets, MAX_AGE_MS.sockets - AHEAD / 2) };
    const verdict = diagnose(evidence, NOW);
    expect(verdict.light).toBe("up");
    expect(staysSo(verdict, evidence, NOW, AHEAD / 4)).toBe(true);
    expect(staysSo(verdict, evidence, NOW, AHEAD)).toBe(sameVerdict(verdict, diagnose(answered({ ...evidence, sockets: null }, NOW + AHEAD), NOW + AHEAD)));
  });

  it("is not said of a session that has ended, and an old answer is no reason: the session itself tells of those", () => {
    const verdict = diagnose(healthy(), NOW);
    const change = ready((now) => ({ lastAnswerAt: now - 5 * S }));
    expect(staysSo(verdict, change(healthy(), NOW), NOW, AHEAD)).toBe(true);
    expect(staysSo(verdict, { ...healthy(), api: null }, NOW, AHEAD)).toBe(false);
  });
});
