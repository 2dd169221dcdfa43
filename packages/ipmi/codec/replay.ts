/** Packets behind the newest one that are still taken (IPMI 2.0 §6.12.13 allows at least 8; 16 here). */
const WINDOW = 16;

/** Refuses a session sequence number seen before or too old to tell. */
export interface ReplayWindow {
  /** True, once, for a number that may be new. Call only for packets whose integrity code is right. */
  accept(sequence: number): boolean;
}

export function createReplayWindow(): ReplayWindow {
  let newest = 0;
  let seen = 0;
  return {
    accept(sequence) {
      if (sequence === 0) return false;
      if (sequence > newest) {
        const ahead = sequence - newest;
        seen = ahead >= WINDOW ? 1 : ((seen << ahead) | 1) & 0xffff;
        newest = sequence;
        return true;
      }
      const behind = newest - sequence;
      if (behind >= WINDOW || (seen & (1 << behind)) !== 0) return false;
      seen |= 1 << behind;
      return true;
    },
  };
}
