import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What axe finds in the page as it stands, one line a node. @param rules these alone */
export async function axeViolations(page: Page, rules: readonly string[] | null = null): Promise<string[]> {
  await page.evaluate(AXE);
  const only = rules === null ? { type: "tag", values: TAGS } : { type: "rule", values: rules };
  // Without preload: it would copy a style sheet that is just being loaded into an inline one, which the policy forbids.
  const results = await page.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations'], preload: false, runOnly: ${JSON.stringify(only)} })`);
  return results.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`));
}

/** In light and in dark. */
export async function axeInBothThemes(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: "light" });
  const light = await axeViolations(page);
  await page.emulateMedia({ colorScheme: "dark" });
  // The theme changes colours alone.
  const dark = await axeViolations(page, ["color-contrast"]);
  await page.emulateMedia({ colorScheme: "light" });
  return [...light.map((line) => `light: ${line}`), ...dark.map((line) => `dark: ${line}`)];
}
