import { inTheLab } from "./in-the-lab.ts";
import { shortPart } from "./parts.ts";

/** GATELIGHT_LAB_ONLY names faults and groups of tests, for one who works on them. */
inTheLab(shortPart(process.env.GATELIGHT_LAB_ONLY));
