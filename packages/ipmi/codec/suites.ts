/** The cipher suites spoken here (IPMI 2.0 table 22-20): 3 for every BMC, 17 for those that refuse SHA-1. */
export type CipherSuiteId = 3 | 17;

/** The algorithms of one cipher suite, by number as they travel and by name as they are computed. */
export interface CipherSuite {
  readonly id: CipherSuiteId;
  readonly hash: "sha1" | "sha256";
  /** Authentication, integrity and confidentiality algorithm numbers. */
  readonly algorithms: readonly [authentication: number, integrity: number, confidentiality: number];
  /** Bytes of the RAKP 4 integrity check value, cut by the authentication algorithm (§13.28). */
  readonly icvLength: number;
  /** Bytes of the authentication code at the end of each packet. */
  readonly codeLength: number;
}

const SUITES: readonly CipherSuite[] = [
  { id: 3, hash: "sha1", algorithms: [1, 1, 1], icvLength: 12, codeLength: 12 },
  { id: 17, hash: "sha256", algorithms: [3, 4, 1], icvLength: 16, codeLength: 16 },
];

export function cipherSuite(id: CipherSuiteId): CipherSuite {
  const suite = SUITES.find((candidate) => candidate.id === id);
  if (suite === undefined) throw new RangeError(`cipher suite ${String(id)}: 3 and 17 are allowed`);
  return suite;
}

/** The suite made of these three algorithms (-1: any), if it is allowed; suite 0 (no protection) never is. */
export function suiteOf(algorithms: readonly number[], allowed: readonly CipherSuiteId[]): CipherSuite | undefined {
  return SUITES.find(
    ({ id, algorithms: own }) =>
      allowed.includes(id) && own.every((algorithm, at) => algorithms[at] === -1 || algorithms[at] === algorithm),
  );
}

/** The cipher suite records a BMC lists (IPMI 2.0 §22.15.1): C0, id, then tagged algorithms. */
export function suiteRecords(allowed: readonly CipherSuiteId[]): number[] {
  return SUITES.filter(({ id }) => allowed.includes(id)).flatMap(({ id, algorithms: [auth, integrity, privacy] }) => [
    0xc0,
    id,
    auth,
    0x40 | integrity,
    0x80 | privacy,
  ]);
}
