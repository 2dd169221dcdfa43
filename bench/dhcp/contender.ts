/** A DHCP server to be measured. Each trial starts it with an empty lease store and ends it again. */
export interface Contender {
  name: string;
  /** Starts serving `benchNetwork` in the namespace; resolves when it answers. */
  start: (namespace: string) => Promise<{ stop: () => Promise<void> }>;
  /** Keeps running between trials; every trial then brings hardware addresses never seen. */
  stays?: boolean;
}
