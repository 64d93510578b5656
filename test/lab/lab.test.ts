import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { untickedThroughTheScreen } from "./by-screen.ts";
import { chosen, FULL, found, noticed, type Row, refused, table } from "./catalogue.ts";
import { daemonGone, killed, neverTwice, readBack } from "./interruptions.ts";
import { type Lab, startLab, whyNoLab } from "./lab.ts";
import { keepsOutOfTheQueue, quietCost, retriesSlowly } from "./politeness.ts";
import { byHand, CASES, composeRefuses, cures, toldBefore } from "./repairs.ts";
import { dataDir, Watching } from "./watching.ts";

const why = whyNoLab();
if (why !== null) console.warn(why);

/** One lab for all of it: it takes a while to start. */
describe.skipIf(why !== null)("in the lab", () => {
  let lab: Lab;
  let watching: Watching;
  const rows: Row[] = [];
  const early = new Map<string, Promise<() => Row>>();

  beforeAll(async () => {
    lab = await startLab({ speed: 8, healMs: 4_000 });
    watching = new Watching(dataDir(lab.folder, "data", lab.settings()));
    await watching.start();
    for (const fault of chosen("refused")) early.set(fault.id, settle(refused(lab, fault)));
  }, 180_000);

  /** Faults that the watcher has seen, or `null` when it was left in the middle of one. */
  let seen: number | null = 0;
  /**
   * Green, and a watcher that has not seen much yet: what the lab does in minutes befalls a gateway in years, and after a few restarts a watcher
   * rightly grows suspicious, after a few failures slow.
   */
  const undisturbed = async (work: () => Promise<void>) => {
    if (seen === null || seen >= (FULL ? 1 : 4)) {
      await watching.start();
      seen = 0;
    }
    const before: number = seen;
    seen = null;
    try {
      await watching.green();
      await work();
    } catch (error) {
      // Where a second try is given, the reporter does not tell why it was needed.
      console.warn(error instanceof Error ? error.message : error);
      throw error;
    }
    seen = before + 1;
  };

  afterAll(async () => {
    if (rows.length > 0) console.info(`\n${table(rows)}\n`);
    await watching?.end();
    await lab?.dispose();
  }, 120_000);

  // All of them at once, and before any other: they must not meet a server that goes away.
  it.each(chosen("refused"))(
    "refused: $id → $cause",
    async (fault) => {
      const begun = early.get(fault.id);
      early.delete(fault.id);
      rows.push(begun === undefined ? await refused(lab, fault) : (await begun)());
    },
    120_000,
  );
  it.each(chosen("running"))("noticed: $id → $cause", (fault) => undisturbed(async () => void rows.push(await noticed(lab, watching, fault))), 300_000);
  it.each(chosen("fresh"))("found: $id → $cause", (fault) => undisturbed(async () => void rows.push(await found(lab, watching, fault))), 600_000);

  if (suite("politeness")) {
    it(
      "a quiet while costs the server next to nothing",
      () =>
        undisturbed(async () => {
          const cost = await quietCost(lab, watching, FULL ? 61_000 : 20_000);
          console.info(`${cost.commands.length} commands, ${cost.fresh} processes, ${cost.cpuPercent.toFixed(2)} % of a core in ${cost.seconds.toFixed(0)} s`);
          const minutes = Math.max(1, cost.seconds / 60);
          // Fewer than two a minute: one that comes once a minute may come twice in the time looked at.
          expect(cost.commands.length, cost.commands.join("\n")).toBeLessThan(2 * minutes);
          // Each command is a session of sshd, a shell and the program.
          expect(cost.fresh, cost.commands.join("\n")).toBeLessThanOrEqual(3 * minutes);
          expect(cost.cpuPercent).toBeLessThan(1);
        }),
      240_000,
    );
    it("no connection of ours joins an accept queue", () => undisturbed(() => keepsOutOfTheQueue(lab, watching)), 240_000);
    if (FULL)
      it("a gateway that closes on us is asked ever more seldom, by one connection at a time", () => undisturbed(() => retriesSlowly(lab, watching)), 300_000);
  }

  if (suite("screen"))
    it(
      "“localhost only” is unticked through the gateway's own screen, and the cause is gone",
      () => undisturbed(() => untickedThroughTheScreen(lab, watching)),
      300_000,
    );

  if (suite("repairs")) {
    it.each(CASES.filter((one) => FULL || one.always === true))("repair: $repair cures $cause", (one) => undisturbed(() => cures(lab, watching, one)), 300_000);
    if (FULL)
      it(
        "open-api-settings: a person unticks “localhost only” at the screen, and the light comes back",
        () => undisturbed(() => byHand(lab, watching)),
        300_000,
      );
    if (FULL)
      it(
        "before: the commands as they will run, and who loses a connection by the kernel's count",
        () => undisturbed(() => toldBefore(lab, watching)),
        120_000,
      );
    if (FULL) it("what compose says of the owner's files is handed on, and nothing is done", () => undisturbed(() => composeRefuses(lab, watching)), 120_000);
    if (FULL) it("two who want the same repair at once: it runs once", () => undisturbed(() => neverTwice(lab, watching)), 300_000);
    it.each(FULL ? (["recreate-container", "restart-container"] as const) : (["recreate-container"] as const))(
      "the line falls in the middle of %s: read back, not repeated",
      (id) => undisturbed(() => readBack(lab, watching, id)),
      300_000,
    );
    if (FULL)
      it("Docker's daemon is stopped in the middle of a repair: told as it is, not repeated", () => undisturbed(() => daemonGone(lab, watching)), 300_000);
    if (FULL)
      it("Gatelight is killed in the middle of a repair: the next one follows it to its proof", () => undisturbed(() => killed(lab, watching)), 300_000);
  }
});

/** GATELIGHT_LAB_ONLY names faults, or "politeness", "screen" or "repairs", for one who works on them. */
function suite(name: string): boolean {
  const only = process.env.GATELIGHT_LAB_ONLY;
  return only === undefined || only.split(",").includes(name);
}

/** A result that waits for its asker, good or bad, without being a loose rejection meanwhile. */
const settle = (row: Promise<Row>): Promise<() => Row> =>
  row.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
