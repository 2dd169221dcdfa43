import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";

// A BMC that lost its mind: whatever it is asked, it answers noise, now and then behind a valid RMCP header.
const socket = createSocket("udp4");
socket.on("message", (question, { address, port }) => {
  const noise = randomBytes(1 + (question.length % 60));
  const header = question.subarray(0, question.length % 3 === 0 ? 0 : 16);
  socket.send(Buffer.concat([header, noise]), port, address);
});
socket.bind(623, () => console.log("listening"));
