import { tidyUp } from "./tidy-up.ts";

/** Started when the process of a lab is no more and its folder is still there. */
const [folder] = process.argv.slice(2);
if (folder !== undefined) await tidyUp(folder);
