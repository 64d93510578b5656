/** What preload, page and main call the port that they hand over. The page's side spells them in renderer/api/port-link.ts. */
export const PORT_WANTED = "gatelight:port-wanted";
export const PORT_MESSAGE = "gatelight:port";
