import { userDataUnusable } from "@rackwright/contract";
import { InputError } from "../errors.ts";

/** How user data begins that cloud-init takes (its documentation, "User data formats"). */
const beginnings = [
  "#!",
  "#cloud-config",
  "#include",
  "#cloud-boothook",
  "#part-handler",
  "## template: jinja",
  "Content-Type:",
  "MIME-Version:",
] as const;

/**
 * Refuses user data that cloud-init would drop with no more than a warning in its log. Empty user data is none.
 *
 * @throws InputError naming its first line and what is allowed
 */
export function requireUsableUserData(userData: string | undefined): void {
  const text = userData?.trimStart() ?? "";
  if (text === "" || beginnings.some((each) => text.toLowerCase().startsWith(each.toLowerCase()))) return;
  const allowed = `must begin with one of ${beginnings.join(", ")}`;
  throw new InputError(`cloud-init would ignore this user data: it ${allowed}`, {
    ...userDataUnusable,
    failures: [{ field: "user_data", value: text.split("\n")[0]?.slice(0, 80), allowed }],
  });
}
