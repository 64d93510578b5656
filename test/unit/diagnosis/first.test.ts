import { expect, it } from "vitest";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import { apiFailed, evidence, healthy, NOW, queue } from "./evidence-builder.ts";

it("healthy is up; the wedge is named", () => {
  const good = diagnose(healthy(), NOW);
  expect(good.lights).toMatchObject({ server: { state: "up" } });
  expect(good.light).toBe("up");
  expect(good.cause).toBeNull();
  const wedge = diagnose(evidence(NOW, queue(51), apiFailed("silent")), NOW);
  expect(wedge.cause?.id).toBe("accept-queue-wedge");
  expect(wedge.cause?.because[0]).toBe("API port 4002 listens, but 51 of 51 connections wait in its accept queue; nobody is answered.");
  expect(wedge.light).toBe("down");
});
