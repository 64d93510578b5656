import type { Cause } from "./cause.ts";
import { API_CAUSES } from "./causes/api.ts";
import { BROKER_CAUSES } from "./causes/broker.ts";
import { CONTAINER_CAUSES } from "./causes/container.ts";
import { LOGIN_CAUSES } from "./causes/login.ts";
import { RESTART_CAUSES } from "./causes/restarts.ts";
import { SECOND_FACTOR_CAUSES } from "./causes/second-factor.ts";
import { SERVER_CAUSES } from "./causes/server.ts";
import { SIDE_CAUSES } from "./causes/side.ts";
import { SOCKET_CAUSES } from "./causes/socket.ts";
import { UNEXPLAINED } from "./causes/unexplained.ts";

/** Every cause there is. Among equals the earlier entry comes first. */
export const CATALOGUE: readonly Cause[] = [
  ...SERVER_CAUSES,
  ...CONTAINER_CAUSES,
  ...SECOND_FACTOR_CAUSES,
  ...RESTART_CAUSES,
  ...LOGIN_CAUSES,
  ...SOCKET_CAUSES,
  ...API_CAUSES,
  ...BROKER_CAUSES,
  ...SIDE_CAUSES,
  UNEXPLAINED,
];
