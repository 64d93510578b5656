import { inTheLab } from "../in-the-lab.ts";
import { PARTS } from "../parts.ts";

inTheLab(PARTS["repairs-2"]);
