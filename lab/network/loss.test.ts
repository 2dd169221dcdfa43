import assert from "node:assert/strict";
import { it } from "node:test";
import { lossScript } from "./loss.ts";

it("packet loss drops both ways and is cleared by zero", () => {
  assert.equal(
    lossScript("tap3", 12.5),
    `add table netdev loss_tap3
delete table netdev loss_tap3
add table netdev loss_tap3
add chain netdev loss_tap3 ingress { type filter hook ingress device "tap3" priority 0; }
add rule netdev loss_tap3 ingress numgen random mod 1000 <= 124 counter drop
add chain netdev loss_tap3 egress { type filter hook egress device "tap3" priority 0; }
add rule netdev loss_tap3 egress numgen random mod 1000 <= 124 counter drop
`,
  );
  assert.match(lossScript("tap3", 100), /<= 999 counter drop/);
  assert.equal(lossScript("tap3", 0), "add table netdev loss_tap3\ndelete table netdev loss_tap3\n");
});
