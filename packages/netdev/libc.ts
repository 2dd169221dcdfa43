import koffi from "koffi";

/** The few calls of the C library that Node has no way to make. Numbers are those of Linux on x86-64 and arm64. */
export interface Libc {
  socket: (domain: number, type: number, protocol: number) => number;
  setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number;
  bind: (fd: number, address: Uint8Array, length: number) => number;
  sendto: (
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ) => number;
  close: (fd: number) => number;
  /** The number of the last failure, to be read right after the call that failed. */
  errno: () => number;
}

/** Binds the calls to the running program's C library. Cheap enough (well below a millisecond) to do once per process. */
export function openLibc(): Libc {
  const library = koffi.load(null);
  return {
    socket: library.func("int socket(int, int, int)") as Libc["socket"],
    setsockopt: library.func("int setsockopt(int, int, int, const void *, uint32_t)") as Libc["setsockopt"],
    bind: library.func("int bind(int, const void *, uint32_t)") as Libc["bind"],
    sendto: library.func("int64_t sendto(int, const void *, size_t, int, const void *, uint32_t)") as Libc["sendto"],
    close: library.func("int close(int)") as Libc["close"],
    errno: () => koffi.errno(),
  };
}

export const AF_INET = 2;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_BROADCAST = 6;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_BINDTODEVICE = 25;
export const SO_RCVBUFFORCE = 33;
export const SO_SNDBUFFORCE = 32;
export const MSG_DONTWAIT = 0x40;

/** A call of the system that failed on a network device; the message says which, why, and what to do. */
export class DeviceError extends Error {
  override name = "DeviceError";
  readonly code: string;
  readonly device: string;
  constructor(device: string, call: string, errno: number) {
    const known = reasons.get(errno);
    super(`${call} on device ${device} failed: ${known?.text ?? `errno ${errno}`}`);
    this.code = known?.code ?? `ERRNO_${errno}`;
    this.device = device;
  }
}

const reasons: ReadonlyMap<number, { code: string; text: string }> = new Map([
  [1, { code: "EPERM", text: "not permitted; run as root or with CAP_NET_RAW and CAP_NET_BIND_SERVICE" }],
  [6, { code: "ENXIO", text: "no such device" }],
  [13, { code: "EACCES", text: "not permitted; ports below 1024 need root or CAP_NET_BIND_SERVICE" }],
  [19, { code: "ENODEV", text: "no such device; `ip link` lists those there are" }],
  [22, { code: "EINVAL", text: "invalid argument" }],
  [98, { code: "EADDRINUSE", text: "another program holds the port; `ss -lunp` tells which" }],
  [99, { code: "EADDRNOTAVAIL", text: "the address is not on this host" }],
  [100, { code: "ENETDOWN", text: "the device is down" }],
  [101, { code: "ENETUNREACH", text: "no route to the address" }],
  [105, { code: "ENOBUFS", text: "the send queue is full" }],
  [11, { code: "EAGAIN", text: "the send queue is full" }],
]);
