/** What the firmware shall boot next. */
export type PowerBootDevice = "pxe" | "disk";
export type StopMode = "hard" | "soft";
export type ObservedState = "on" | "off" | "unknown";

/** One machine's power, reached with one set of parameters. Methods throw PowerError. */
export interface PowerTarget {
  /** Names what is controlled: actions with the same key exclude each other. */
  readonly key: string;
  /** Switches on; a machine that runs is power-cycled, so that it boots what `bootDevice` says. */
  on(bootDevice: PowerBootDevice | undefined): Promise<void>;
  off(stopMode: StopMode | undefined): Promise<void>;
  /** Hard reset of a running machine. */
  reset(bootDevice: PowerBootDevice | undefined): Promise<void>;
  query(): Promise<ObservedState>;
  /** What did not work but did not matter enough to fail, in words. */
  readonly warnings: readonly string[];
}

/** A way to control power. */
export interface PowerDriver {
  /** False: there is nothing to ask, actions are believed and the state is `unknown`. */
  readonly queryable: boolean;
  /** Pauses in milliseconds: how long to wait after each attempt before looking or trying again. */
  readonly waits: readonly number[];
  /**
   * Reads the parameters; throws PowerError `bmc-settings`.
   * @param left milliseconds that are left for what is asked next; for ever unless given
   */
  target(parameters: Readonly<Record<string, string>>, left?: () => number): Promise<PowerTarget>;
}
