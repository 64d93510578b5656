export const POSITIONS = 200;
/** Updates a second. */
export const PER_SECOND = 2000;
