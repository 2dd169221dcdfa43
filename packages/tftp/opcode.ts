/** First two octets of every packet (RFC 1350 §5; 6 from RFC 2347). */
export const Opcode = {
  readRequest: 1,
  writeRequest: 2,
  data: 3,
  acknowledgment: 4,
  error: 5,
  optionAck: 6,
} as const;
