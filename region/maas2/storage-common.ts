import { z } from "zod";
import { NotFound } from "../errors.ts";
import type { MachineRow } from "../machines/fire.ts";
import { type Maker, type Need, type Storage, changeStorage, readStorage } from "../storage/index.ts";
import { callerOf, noMatch } from "./common.ts";
import { inMaasWords, machineOf } from "./machine-call.ts";
import { type Access, type Answer, type Call, type Operation, operation } from "./operation.ts";

export const nothing = z.object({});

/** What is said where a thing is not there, in MAAS's words. @throws NotFound */
export function of<T>(model: string, find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (error instanceof NotFound) throw noMatch(model);
    throw error;
  }
}

/** What is not said of a thing within the machine is about the machine. */
async function ofMachine<T>(work: Promise<T>): Promise<T> {
  try {
    return await inMaasWords(work);
  } catch (error) {
    if (error instanceof NotFound && !error.message.endsWith("matches the given query.")) throw noMatch("Machine");
    throw error;
  }
}

/** A placeholder of the path. */
export const at = ({ path }: Pick<Call, "path">, name: string): string => path[name] ?? "";

/** An operation that shows something of a machine's storage. */
export function reading(title: string, render: (storage: Storage, call: Call) => unknown): Operation {
  return operation({
    access: "user",
    title,
    parameters: nothing,
    run: async (call) => {
      await machineOf(call, "view");
      const { storage } = await ofMachine(readStorage(call.db, at(call, "system_id"), callerOf(call)));
      return { json: render(storage, call) };
    },
  });
}

/** An operation that changes a machine's storage, and shows what it made. */
export function changing<S extends z.ZodObject, T>(spec: {
  title: string;
  parameters: S;
  need: Need;
  what: string;
  access?: Access;
  apply: (storage: Storage, make: Maker, parameters: z.output<S>, call: Call, machine: MachineRow) => T;
  answer: (storage: Storage, made: T) => Answer;
}): Operation {
  const { title, parameters, need, what, apply, answer, access = "admin" } = spec;
  return operation({
    access,
    title,
    parameters,
    run: async (call, given) => {
      await machineOf(call, "view");
      const { storage, made } = await ofMachine(
        changeStorage(call.db, {
          machineId: at(call, "system_id"),
          caller: callerOf(call),
          now: call.clock.now(),
          need,
          what,
          apply: (draft, make, machine) => apply(draft, make, given, call, machine),
        }),
      );
      return answer(storage, made);
    },
  });
}

/** Nothing is left to show. */
export const gone = (): Answer => ({ status: 204 });
