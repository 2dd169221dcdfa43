import { z } from "zod";
import { InputError, StateConflict } from "../errors.ts";
import { resolveImage } from "../images/resolve.ts";
import { ask, commissionMachine, releaseMachine, testMachine } from "../machines/ask.ts";
import { deployMachine } from "../machines/deploy.ts";
import { queryPowerState } from "../machines/power-state.ts";
import { askPower } from "../machines/switch.ts";
import { callerOf } from "./common.ts";
import {
  type CalledMachine,
  byCaller,
  inMaasWords,
  machineAction,
  machineOf,
  showMachine,
  stateAsForm,
  withFieldNames,
} from "./machine-call.ts";
import { type Call, type Operation, operation } from "./operation.ts";
import { choice, flag, integer, list, text } from "./parameters.ts";
import { scriptChoice, scriptParameters, scriptWords } from "./script-parameters.ts";

const comment = text("Why, for the events.", 2000).optional();
const commented = z.object({ comment });
const nothing = z.object({});

/** Fields beside the known ones: parameters of scripts. */
const withScripts = <S extends z.core.$ZodShape>(shape: S) => z.object(shape).catchall(z.string().max(4096));
/** What of a form is none of the operation's own fields. */
const others = (fields: Record<string, unknown>, known: z.ZodObject): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !Object.hasOwn(known.shape, name)));

/** Bytes of a form with user data, which comes in base64. */
const withUserData = 8 * 1024 * 1024;
const userData = text("User data for cloud-init, in base64.", 4_000_000).optional();

/** What bridges an allocation or deployment wants on every interface. */
export const bridgeFields = {
  bridge_all: flag("Put a bridge on every configured interface.").default(false),
  bridge_type: choice("Type of these bridges.", ["standard", "ovs"]).default("standard"),
  bridge_stp: flag("Whether these bridges speak the spanning tree protocol.").default(false),
  bridge_fd: integer("Their forward delay in seconds.", { least: 0, most: 3600 }).default(15),
};
type BridgeFields = z.output<z.ZodObject<typeof bridgeFields>>;
export const bridgesOf = ({ bridge_all, bridge_type, bridge_stp, bridge_fd }: BridgeFields) =>
  bridge_all ? { type: bridge_type, stp: bridge_stp, fd: bridge_fd } : undefined;

/** User data in base64, with or without line breaks; what is no base64 is meant as it is. @throws InputError */
export function decodeUserData(given: string | undefined): string | undefined {
  if (given === undefined || given === "") return undefined;
  const compact = given.replaceAll(/\s/g, "");
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(compact) || compact.replace(/=+$/, "").length % 4 === 1) return given;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(compact, "base64"));
  } catch {
    throw InputError.field("user_data", undefined, "must be text (UTF-8) in base64; compressed user data is not taken");
  }
}

const deployment = z.object({
  ...bridgeFields,
  user_data: userData,
  distro_series: text("What to install: a release, os/release, an image, or an operating system.", 200).optional(),
  hwe_kernel: text("Kernel to install, such as ga-22.04; kept with the machine.", 100).optional(),
  agent_name: text("Who deploys, where it is a program.", 255).optional(),
  comment,
  install_rackd: flag("Not done by this server.").default(false),
  install_kvm: flag("Not done by this server.").default(false),
  register_vmhost: flag("Not done by this server.").default(false),
  ephemeral_deploy: flag("Run the system from memory.").default(false),
  enable_kernel_crash_dump: flag("Kept with the machine.").optional(),
  vcenter_registration: flag("Without meaning here.").default(true),
  enable_hw_sync: flag("Kept with the machine.").default(false),
});

/** Kernels are called so: `ga-22.04`, `hwe-22.04-edge`. @throws InputError */
export function requireKernel(field: string, kernel: string | undefined): void {
  if (kernel !== undefined && kernel !== "" && !/^(hwe|ga)-[a-z0-9.-]{1,90}$/.test(kernel))
    throw InputError.field(field, kernel.slice(0, 100), "must begin with hwe- or ga-, such as ga-22.04");
}

async function deploy(call: Call, machine: CalledMachine, wanted: Partial<z.output<typeof deployment>>): Promise<void> {
  for (const refused of ["install_kvm", "install_rackd", "register_vmhost"] as const)
    if (wanted[refused] === true) throw new InputError(`This server does not support ${refused}.`);
  requireKernel("hwe_kernel", wanted.hwe_kernel);
  const image = await resolveImage(call.db, wanted.distro_series, machine.architecture);
  const { agent_name, hwe_kernel, enable_kernel_crash_dump, enable_hw_sync = false } = wanted;
  const by = { ...byCaller(call), ownerId: machine.owner_id ?? callerOf(call).id };
  await withFieldNames(
    { image: "distro_series" },
    deployMachine(
      call.db,
      machine.id,
      {
        image,
        ephemeral: wanted.ephemeral_deploy ?? false,
        user_data: decodeUserData(wanted.user_data),
        comment: wanted.comment,
        settings: {
          ...(agent_name !== undefined && { agent_name }),
          ...(hwe_kernel !== undefined && { hwe_kernel }),
          ...(enable_kernel_crash_dump !== undefined && { enable_kernel_crash_dump }),
          enable_hw_sync,
        },
        bridges: wanted.bridge_all === undefined ? undefined : bridgesOf(bridging(wanted)),
      },
      by,
    ),
  );
}

const bridging = (wanted: Partial<BridgeFields>): BridgeFields => ({
  bridge_all: wanted.bridge_all ?? false,
  bridge_type: wanted.bridge_type ?? "standard",
  bridge_stp: wanted.bridge_stp ?? false,
  bridge_fd: wanted.bridge_fd ?? 15,
});

export const commissioning = withScripts({
  comment,
  enable_ssh: flag("Stay on afterwards for somebody to log in.").default(false),
  skip_bmc_config: flag("Leave the BMC as it is.").default(false),
  skip_networking: flag("Leave the network configuration as it is.").default(false),
  skip_storage: flag("Leave the storage configuration as it is.").default(false),
  commissioning_scripts: text("Commissioning scripts, names or tags with commas between.").optional(),
  testing_scripts: text("Tests to run afterwards, names or tags with commas between, or none.").optional(),
});

/** Commissions a machine as the fields of a form say; `fields` beside the known ones are parameters of scripts. */
export async function commission(call: Call, id: string, fields: z.output<typeof commissioning>): Promise<void> {
  const [first, tests] = [scriptChoice(fields.commissioning_scripts), scriptChoice(fields.testing_scripts)];
  const values = others(fields, commissioning);
  await withFieldNames(
    { scripts: "__all__" },
    commissionMachine(
      call.db,
      id,
      {
        comment: fields.comment,
        commissioning_scripts: first,
        testing_scripts: tests,
        commissioning_parameters: await scriptParameters(call.db, "commissioning", first, values),
        testing_parameters: await scriptParameters(call.db, "testing", tests, values),
        keep_on: fields.enable_ssh,
        skip_storage: fields.skip_storage,
        skip_bmc_config: fields.skip_bmc_config,
      },
      byCaller(call),
    ),
  );
}

const testing = withScripts({
  enable_ssh: flag("Stay on afterwards for somebody to log in.").default(false),
  testing_scripts: text("Tests to run, names or tags with commas between.").optional(),
});

const releasing = withScripts({
  comment,
  erase: flag("Wipe all disks first.").optional(),
  secure_erase: flag("By the disk's own secure erase where it has one.").optional(),
  quick_erase: flag("Only the beginning and end of each disk.").optional(),
  force: flag("Without meaning here.").default(false),
  scripts: list("Release scripts to run, names or tags."),
});

async function release(call: Call, machine: CalledMachine, fields: z.output<typeof releasing>): Promise<void> {
  // What is free, or about to be, needs no release.
  if (machine.status === "ready" || machine.status === "releasing") return;
  const scripts = scriptWords(fields.scripts);
  const { comment: why, erase, secure_erase, quick_erase } = fields;
  const values = others(fields, releasing);
  // `false` means as little as nothing: then the settings say what is done.
  const wipes = erase === true || secure_erase === true || quick_erase === true;
  await releaseMachine(
    call.db,
    machine.id,
    {
      comment: why,
      ...(wipes && { erase: true, secure_erase, quick_erase }),
      ...(scripts && { scripts }),
      parameters: scripts ? await scriptParameters(call.db, "release", scripts, values) : {},
    },
    byCaller(call),
  );
}

const plain = (
  action: Parameters<typeof ask>[2],
  title: string,
  need: Parameters<typeof machineAction>[1],
): Operation =>
  machineAction(title, need, commented, (call, { id }, fields) =>
    ask(call.db, id, action, fields.comment, byCaller(call)),
  );

/** Seconds a client waits for a BMC. */
const longestQuery = 45;

/** What can be asked of one machine's life. */
export const machineActions: Readonly<Record<string, Operation>> = {
  "POST commission": machineAction("Commissions a machine.", "admin", commissioning, (call, { id }, fields) =>
    stateAsForm(commission(call, id, fields)),
  ),
  "POST test": machineAction("Tests a machine.", "admin", testing, async (call, { id }, fields) => {
    const names = scriptWords(fields.testing_scripts);
    const parameters = await scriptParameters(call.db, "testing", names, others(fields, testing));
    const request = { testing_scripts: names, parameters, keep_on: fields.enable_ssh };
    await withFieldNames({ scripts: "testing_scripts" }, testMachine(call.db, id, request, byCaller(call)));
  }),
  "POST override_failed_testing": plain(
    "override_failed_testing",
    "Uses a machine although its tests failed.",
    "admin",
  ),
  "POST abort": plain("abort", "Ends what a machine is doing.", "edit"),
  "POST rescue_mode": plain("rescue_mode", "Boots a system for repairs.", "admin"),
  "POST exit_rescue_mode": plain("exit_rescue_mode", "Leaves rescue mode.", "admin"),
  "POST mark_fixed": plain("mark_fixed", "Lets a broken machine be used again.", "admin"),
  "POST lock": plain("lock", "Locks a machine against every other action.", "lock"),
  "POST unlock": plain("unlock", "Unlocks a machine.", "lock"),
  "POST mark_broken": machineAction(
    "Keeps a machine from being used.",
    "edit",
    z.object({ comment, error_description: text("The same, as older clients call it.", 2000).optional() }),
    (call, { id }, fields) =>
      ask(call.db, id, "mark_broken", fields.comment ?? fields.error_description, byCaller(call)),
  ),
  "POST deploy": machineAction("Puts an operating system on a machine.", "edit", deployment, deploy, {
    limit: withUserData,
  }),
  "POST release": machineAction("Gives a machine back.", "edit", releasing, release),
  "POST power_on": machineAction(
    "Switches a machine on; an allocated one is deployed.",
    "edit",
    z.object({ user_data: userData, comment }),
    async (call, machine, fields) => {
      if (machine.owner_id === null)
        throw new StateConflict("Can't start node: it hasn't been allocated.", { next: "Allocate it first." });
      if (machine.status === "allocated") await deploy(call, machine, fields);
      else await askPower(call.db, machine.id, "on", byCaller(call));
    },
    { limit: withUserData },
  ),
  "POST power_off": operation({
    access: "user",
    title: "Switches a machine off.",
    parameters: z.object({
      stop_mode: choice("hard, or soft: its system is asked to shut down.", ["soft", "hard"]).default("hard"),
      comment,
    }),
    run: async (call, { stop_mode }) => {
      const { id, power_driver } = await machineOf(call, "edit");
      // Nobody can be asked to.
      if (power_driver === null || power_driver === "manual") return { json: null };
      await inMaasWords(askPower(call.db, id, "off", { ...byCaller(call), stopMode: stop_mode }));
      return showMachine(call, id);
    },
  }),
  "GET query_power_state": operation({
    access: "user",
    title: "Asks the BMC whether a machine is on.",
    parameters: nothing,
    run: async (call) => {
      const { id } = await machineOf(call, "view");
      const { db, clock, signal } = call;
      const state = await queryPowerState(db, id, { caller: callerOf(call), clock, signal, within: longestQuery });
      return { json: { state } };
    },
  }),
};
