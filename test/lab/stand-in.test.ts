import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

it("the stand-ins share nothing with what judges them but the simulator's protocol side", () => {
  const folder = join(import.meta.dirname, "stand-in");
  const imports = readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(/from "([^"]+)"/g)].map((match) => match[1] ?? ""),
  );
  expect(imports.length).toBeGreaterThan(10);
  expect(imports.filter((path) => !/^(node:|\.\/[a-z-]+\.ts$|\.\.\/\.\.\/\.\.\/electron\/simulator\/)/.test(path))).toEqual([]);
});
