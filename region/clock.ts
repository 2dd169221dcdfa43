/** Where the time comes from. Deadlines are compared in the database with the time passed in. */
export type Clock = { now(): Date };

/** The computer's own clock. */
export const systemClock: Clock = { now: () => new Date() };
