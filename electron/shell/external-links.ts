/** The only hosts that a click may open in the person's browser. */
export const EXTERNAL_HOSTS: readonly string[] = [
  "www.interactivebrokers.com",
  "www.interactivebrokers.co.uk",
  "www.interactivebrokers.ie",
  "ibkrguides.com",
  "www.ibkrguides.com",
  "interactivebrokers.github.io",
  "github.com",
  "docs.docker.com",
];

/** @returns the address to open, in one spelling, or `null` where it may not be opened */
export function externalAddress(url: string): string | null {
  if (url.length > 2048 || !URL.canParse(url)) return null;
  const parsed = new URL(url);
  const plain = parsed.protocol === "https:" && parsed.port === "" && parsed.username === "" && parsed.password === "";
  return plain && EXTERNAL_HOSTS.includes(parsed.hostname) ? parsed.href : null;
}
