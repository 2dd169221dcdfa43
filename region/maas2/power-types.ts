import { InputError } from "../errors.ts";

type Choice = readonly [value: string, label: string];
type PowerField = {
  name: string;
  label: string;
  field_type: "string" | "password" | "choice" | "mac_address";
  required: boolean;
  default: string;
  choices: readonly Choice[];
  scope: "bmc" | "node";
  secret: boolean;
};
export type PowerType = {
  driver_type: "power";
  name: "ipmi" | "manual";
  description: string;
  chassis: boolean;
  can_probe: boolean;
  queryable: boolean;
  missing_packages: readonly string[];
  fields: readonly PowerField[];
};

const field = (name: string, label: string, more: Partial<PowerField> = {}): PowerField => ({
  name,
  label,
  field_type: "string",
  required: false,
  default: "",
  choices: [],
  scope: "bmc",
  secret: false,
  ...more,
});
const choice = (name: string, label: string, chosen: string, choices: readonly Choice[]): PowerField =>
  field(name, label, { field_type: "choice", default: chosen, choices });
const secret = (name: string, label: string): PowerField =>
  field(name, label, { field_type: "password", secret: true });

/** The ways to switch a machine that there are here, in the order of their descriptions, as MAAS describes its own. */
export const powerTypes: readonly PowerType[] = [
  {
    driver_type: "power",
    name: "ipmi",
    description: "IPMI",
    chassis: false,
    can_probe: false,
    queryable: true,
    missing_packages: [],
    fields: [
      choice("power_driver", "Power driver", "LAN_2_0", [["LAN_2_0", "LAN_2_0 [IPMI 2.0]"]]),
      choice("power_boot_type", "Power boot type", "auto", [
        ["auto", "Automatic"],
        ["legacy", "Legacy boot"],
        ["efi", "EFI boot"],
      ]),
      field("power_address", "IP address", { required: true }),
      field("power_port", "Port", { default: "623" }),
      field("power_user", "Power user"),
      secret("power_pass", "Power password"),
      secret("k_g", "K_g BMC key"),
      choice("cipher_suite_id", "Cipher Suite ID", "3", [
        ["17", "17 - HMAC-SHA256::HMAC_SHA256_128::AES-CBC-128"],
        ["3", "3 - HMAC-SHA1::HMAC-SHA1-96::AES-CBC-128"],
      ]),
      choice("privilege_level", "Privilege Level", "OPERATOR", [
        ["USER", "User"],
        ["OPERATOR", "Operator"],
        ["ADMIN", "Administrator"],
      ]),
      field("mac_address", "Power MAC", { field_type: "mac_address", scope: "node" }),
      choice("power_off_mode", "Power off mode", "hard", [
        ["soft", "Soft"],
        ["hard", "Hard"],
      ]),
    ],
  },
  {
    driver_type: "power",
    name: "manual",
    description: "Manual",
    chassis: false,
    can_probe: false,
    queryable: false,
    missing_packages: [],
    fields: [],
  },
];

export type Power = { type: PowerType["name"]; parameters: Record<string, string> };
const mostParameters = 64;
const longestValue = 4096;

/** Power parameters in a form: as `power_parameters_<name>` each, or as one text of JSON. Null where there are none. */
export function givenParameters(fields: Readonly<Record<string, unknown>>): Record<string, string> | null {
  const prefix = "power_parameters_";
  const single = Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    name.startsWith(prefix) && name !== `${prefix}skip_check` && typeof value === "string"
      ? [[name.slice(prefix.length), value]]
      : [],
  );
  const whole = fields["power_parameters"];
  const parsed = typeof whole === "string" && whole.trim() !== "" ? parseWhole(whole) : [];
  if (single.length + parsed.length === 0) return null;
  const all = [...parsed, ...single];
  if (all.length > mostParameters || all.some(([name, value]) => name.length > 100 || value.length > longestValue))
    throw InputError.field(
      "power_parameters",
      undefined,
      `at most ${mostParameters}, of ${longestValue} characters each`,
    );
  return Object.fromEntries(all);
}

function parseWhole(text: string): [string, string][] {
  const refused = () => InputError.field("power_parameters", undefined, "must be a JSON object of texts");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused();
  return Object.entries(value).map(([name, one]: [string, unknown]) => {
    if (typeof one === "string") return [name, one];
    if (typeof one === "number" || typeof one === "boolean") return [name, String(one)];
    if (one === null) return [name, ""];
    throw refused();
  });
}

/**
 * What a form says of a machine's power: type and parameters together, as they are afterwards. Parameters that are not
 * given keep their value while the type stays. Null where the form says nothing of it.
 *
 * @throws InputError for a type that is none here, a required parameter that is missing, a value that is not among its choices
 */
export function readPower(
  type: string | undefined,
  fields: Readonly<Record<string, unknown>>,
  before: { type: string | null; parameters: Record<string, string> },
  skipCheck: boolean,
): Power | { type: null; parameters: Record<string, never> } | null {
  const given = givenParameters(fields);
  if (type === undefined && given === null) return null;
  const name = type ?? before.type ?? "";
  if (name === "") return { type: null, parameters: {} };
  const known = powerTypes.find((one) => one.name === name);
  if (known === undefined)
    throw InputError.field(
      "power_type",
      name.slice(0, 100),
      `Select a valid choice. '${name.slice(0, 100)}' is not one of ${powerTypes.map((one) => one.name).join(", ")}.`,
    );
  const parameters = { ...(name === before.type ? before.parameters : {}), ...given };
  if (!skipCheck) requireFields(known, parameters);
  return { type: known.name, parameters };
}

function requireFields({ fields }: PowerType, parameters: Record<string, string>): void {
  for (const { name, label, required, choices } of fields) {
    const value = parameters[name] ?? "";
    if (required && value === "")
      throw InputError.field("power_parameters", undefined, `${label} (${name}): This field is required.`);
    if (choices.length > 0 && value !== "" && !choices.some(([allowed]) => allowed === value))
      throw InputError.field(
        "power_parameters",
        undefined,
        `${label} (${name}): must be one of ${choices.map(([allowed]) => allowed).join(", ")}.`,
      );
  }
}
