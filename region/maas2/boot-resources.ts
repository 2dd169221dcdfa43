import { architecture, sha256 } from "@rackwright/contract";
import { z } from "zod";
import { Denied, InputError, StateConflict } from "../errors.ts";
import { type Filetype, createUpload, deleteCustomImage, filetypes, receiveChunk, syncStore } from "../images/index.ts";
import {
  type BootResource,
  idOf,
  readBootResources,
  renderBootResource,
  renderBootResourceSets,
} from "./boot-resource-render.ts";
import { byOf, checked, matching, noMatch, numberOf } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { choice, integer, text } from "./parameters.ts";

const model = "BootResource";
/** Clients send chunks of 4 MiB; the first may be the whole image. */
const chunkLimit = 64 * 1024 * 1024;
/** Bytes an image may have: more than any disk image is worth. */
const largest = 1024 ** 4;
const kinds = Object.keys(filetypes) as [Filetype, ...Filetype[]];

async function find(call: Call, name = "id"): Promise<BootResource> {
  const id = numberOf(call, name, model);
  const found = (await readBootResources(call.db)).find((resource) => idOf(resource) === id);
  if (found === undefined) throw noMatch(model);
  return found;
}

/** `amd64/generic`: no other sub-architecture has images of its own here. */
function architectureOf(given: string) {
  const [arch, sub, ...rest] = given.split("/");
  const parsed = architecture.safeParse(arch);
  if (parsed.success && rest.length === 0 && (sub === undefined || sub === "generic")) return parsed.data;
  const allowed = architecture.options.map((one) => `${one}/generic`).join(", ");
  throw InputError.field("architecture", given.slice(0, 100), `must be one of ${allowed}`);
}

const upload = z.object({
  name: text("Name of the image: a release, or system/release; without a system it is custom.", 200),
  architecture: text("Architecture, such as amd64/generic.", 100),
  sha256: text("SHA-256 of the file in hexadecimal.", 100),
  size: integer("Bytes of the file.", { least: 1, most: largest }),
  title: text("Title of the image.", 200).default(""),
  filetype: choice(
    "What the file is. Machines can be deployed with squashfs; the others are kept and shown only.",
    kinds,
  ).default("tgz"),
  base_image: text("For custom images, the system they are made of, such as ubuntu/noble.", 100).default(""),
});
const baseImage = z
  .string()
  .regex(/^([a-z0-9][a-z0-9.-]*\/[a-z0-9][a-z0-9.-]*)?$/, "must be system and release such as ubuntu/noble");

async function create(call: Call, parameters: z.output<typeof upload>) {
  const { images } = call.deps;
  const { name, title, filetype, size } = parameters;
  const fields = checked(z.object({ sha256, base_image: baseImage }), {
    sha256: parameters.sha256.toLowerCase(),
    base_image: parameters.base_image,
  });
  const wanted = { name, title, filetype, size, ...fields, architecture: architectureOf(parameters.architecture) };
  const id = await createUpload({ db: call.db, images }, wanted, byOf(call));
  const file = call.uploads.find(({ field }) => field === "content");
  const resource = async () => {
    const found = (await readBootResources(call.db)).find((one) => idOf(one) === id);
    if (found === undefined) throw noMatch(model);
    return found;
  };
  const open = (await resource()).custom?.uploads.findLast(({ completed_at }) => completed_at === null);
  if (file !== undefined && open !== undefined)
    await receiveChunk({ db: call.db, images }, { image: id, upload: open.id }, file.data, call.clock.now());
  return { status: 201, json: renderBootResourceSets(await resource()) };
}

/** `boot-resources/`: images that can be deployed. */
export const bootResourceResources: readonly Resource[] = [
  {
    handler: "BootResourcesHandler",
    path: "boot-resources/",
    doc: "Manage the boot resources: images that machines are deployed with.",
    operations: {
      GET: operation({
        access: "user",
        title: "List all boot resources.",
        parameters: z.object({
          type: choice("Only synced or only uploaded ones.", ["synced", "uploaded", "all"]).optional(),
        }),
        run: async ({ db }, { type = "all" }) => {
          const all = (await readBootResources(db)).map(renderBootResource);
          return { json: all.filter((one) => type === "all" || one.type.toLowerCase() === type) };
        },
      }),
      POST: operation({
        access: "admin",
        title: "Upload an image, or say which one will be uploaded to the address in the answer.",
        parameters: upload,
        limit: chunkLimit,
        run: create,
      }),
      "POST import": operation({
        access: "admin",
        title: "Read the image store again.",
        parameters: z.object({}),
        run: async (call) => {
          const { registered, removed, problems } = await syncStore(call.db, call.deps.images, byOf(call));
          const problem = problems.length === 0 ? "" : ` ${problems.length} images cannot be used.`;
          return {
            text: `The image store was read: ${registered.length} images are new or renewed, ${removed.length} are gone.${problem} Boot sources are kept but not downloaded from.`,
          };
        },
      }),
      "POST stop_import": operation({
        access: "admin",
        title: "Stop importing images.",
        parameters: z.object({}),
        run: async () => ({ text: "No image is being downloaded, so there was nothing to stop." }),
      }),
      "GET is_importing": operation({
        access: "user",
        title: "Tell whether images are being imported.",
        parameters: z.object({}),
        run: async ({ deps }) => ({ json: deps.images.busy }),
      }),
    },
  },
  {
    handler: "BootResourceHandler",
    path: "boot-resources/{id}/",
    doc: "Manage one boot resource.",
    operations: {
      GET: operation({
        access: "user",
        title: "Read a boot resource with its versions and their files.",
        parameters: z.object({}),
        run: async (call) => ({ json: renderBootResourceSets(await find(call)) }),
      }),
      DELETE: operation({
        access: "admin",
        title: "Delete an uploaded image.",
        parameters: z.object({}),
        run: async (call) => {
          const { custom, stored } = await find(call);
          if (custom === null)
            throw new StateConflict(`Image ${stored?.name} was built into the image store, not uploaded.`, {
              next: "Remove its manifest from the store.",
            });
          const { db, deps } = call;
          await matching(model, deleteCustomImage({ db, images: deps.images }, custom.id, byOf(call)));
          return { status: 204 };
        },
      }),
    },
  },
  {
    handler: "BootResourceFileUploadHandler",
    path: "boot-resources/{resource_id}/upload/{id}/",
    doc: "Upload the file of an image in pieces.",
    operations: {
      PUT: operation({
        access: "admin",
        title: "Send the next piece of the file.",
        limit: chunkLimit,
        parameters: z.object({}),
        run: async (call) => {
          const { custom } = await find(call, "resource_id");
          if (custom === null) throw new Denied("This image was not uploaded.");
          const at = { image: custom.id, upload: numberOf(call, "id", "BootResourceFile") };
          const work = receiveChunk({ db: call.db, images: call.deps.images }, at, call.request.body, call.clock.now());
          await matching("BootResourceFile", work);
          return { text: "OK" };
        },
      }),
    },
  },
];
