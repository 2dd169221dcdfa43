import { readFile } from "node:fs/promises";
import { CliError } from "../errors.ts";
import { listed } from "../options.ts";
import type { Body } from "./machine-verbs.ts";

/** Repeatable option values of the form script.parameter=value. */
export function parameters(values: readonly string[] | undefined): Record<string, Record<string, string>> | undefined {
  if (values === undefined) return undefined;
  const found: Record<string, Record<string, string>> = {};
  for (const one of values) {
    const [, script, name, value] = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(one) ?? [];
    if (script === undefined || name === undefined || value === undefined)
      throw new CliError(`--parameter is '${one}'.`, "Give it as script.parameter=value.", 2);
    found[script] = { ...found[script], [name]: value };
  }
  return found;
}

/** The text of a file of user data. @throws CliError */
export async function textOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`${file} cannot be read: ${why}`, "Name a file with cloud-init user data.", 2);
  });
}

export type CommissionOptions = {
  scripts?: string;
  tests?: string;
  parameter?: string[];
  testParameter?: string[];
  keepOn?: boolean;
  skipBmcConfig?: boolean;
  skipStorage?: boolean;
};
export type DeployOptions = { image: string; memory?: boolean; userData?: string; for?: string };
export type ReleaseOptions = {
  erase?: boolean;
  quickErase?: boolean;
  secureErase?: boolean;
  scripts?: string;
  parameter?: string[];
};

/** What a commissioning is asked with. */
export function commissionBody(options: CommissionOptions): Body {
  const names = (value: string | undefined) =>
    value === undefined ? undefined : value === "none" ? value : listed(value);
  return {
    commissioning_scripts: names(options.scripts),
    testing_scripts: names(options.tests),
    commissioning_parameters: parameters(options.parameter),
    testing_parameters: parameters(options.testParameter),
    keep_on: options.keepOn,
    skip_bmc_config: options.skipBmcConfig,
    skip_storage: options.skipStorage,
  };
}
