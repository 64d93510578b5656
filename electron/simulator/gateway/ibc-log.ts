/** Lines as the image's run.sh and IBC print them. Exact texts: facts on gnzsnz/ib-gateway-docker and IBC 3.24. */

/** "yyyy-MM-dd HH:mm:ss:SSS IBC: text", in the container's zone (UTC). */
export function ibcLine(at: number, text: string): string {
  const iso = new Date(at).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}:${iso.slice(20, 23)} IBC: ${text}`;
}

const FRAME = "!".repeat(80);

/** An error of IBC, framed by lines of "!". */
export function ibcError(at: number, text: string): string[] {
  return [FRAME, ibcLine(at, text), FRAME];
}

export const dialogOpened = (title: string, event = "Opened") => `detected dialog entitled: ${title}; event=${event}`;
export const frameOpened = (title: string, event = "Opened") => `detected frame entitled: ${title}; event=${event}`;
