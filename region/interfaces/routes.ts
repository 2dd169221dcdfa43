import { interfaceCreate, interfaceUpdate, linkCreate, nodeInterface, systemId } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import { createInterface, deleteInterface, interfacesOf, readInterface, updateInterface } from "./change.ts";
import { disconnect, linkSubnet, setDefaultGateway, unlinkSubnet } from "./links.ts";
import { readNode } from "./node.ts";

const number = z
  .string()
  .regex(/^[1-9][0-9]{0,14}$/, "must be a number from the list")
  .transform(Number);
const ofNode = z.object({ id: systemId });
const ofInterface = ofNode.extend({ interface: number });
const ofLink = ofInterface.extend({ link: number });
const list = z.object({ items: z.array(nodeInterface) });

/** Network interfaces and their links, below machines and below devices. */
export function registerInterfaceRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const by = (request: FastifyRequest) => ({ caller: callerOf(request), now: clock.now() });
  for (const kind of ["machine", "device"] as const) {
    const base = `/api/v1/${kind}s/:id/interfaces`;
    const tags = ["interfaces"];
    routes.get(
      base,
      {
        schema: { tags, summary: `List the interfaces of a ${kind}`, params: ofNode, response: { 200: list } },
      },
      async (incoming) => {
        const { id } = await readNode(db, incoming.params.id, callerOf(incoming));
        return { items: await interfacesOf(db, id, clock.now()) };
      },
    );
    routes.post(
      base,
      {
        schema: {
          tags,
          summary: `Add a network card, bond, bridge or VLAN interface to a ${kind}`,
          params: ofNode,
          body: interfaceCreate,
          response: { 201: nodeInterface },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const made = await createInterface(db, id, request.body, by(request));
        return reply.code(201).header("location", `/api/v1/${kind}s/${id}/interfaces/${made.id}`).send(made);
      },
    );
    routes.get(
      `${base}/:interface`,
      {
        schema: { tags, summary: `One interface of a ${kind}`, params: ofInterface, response: { 200: nodeInterface } },
      },
      async (incoming) => {
        const { id } = await readNode(db, incoming.params.id, callerOf(incoming));
        return readInterface(db, id, String(incoming.params.interface), clock.now());
      },
    );
    routes.patch(
      `${base}/:interface`,
      {
        schema: {
          tags,
          summary: `Change an interface of a ${kind}`,
          params: ofInterface,
          body: interfaceUpdate,
          response: { 200: nodeInterface },
        },
      },
      async (incoming) => {
        const { id, interface: one } = incoming.params;
        return updateInterface(db, id, String(one), incoming.body, by(incoming));
      },
    );
    routes.delete(
      `${base}/:interface`,
      {
        schema: {
          tags,
          summary: `Delete an interface of a ${kind}, and those made of nothing else`,
          params: ofInterface,
          response: { 204: z.undefined() },
        },
      },
      async (request, reply) => {
        const { id, interface: one } = request.params;
        await deleteInterface(db, id, String(one), by(request));
        return reply.code(204).send();
      },
    );
    routes.post(
      `${base}/:interface/links`,
      {
        schema: {
          tags,
          summary: "Link an interface to a subnet",
          params: ofInterface,
          body: linkCreate,
          response: { 201: nodeInterface },
        },
      },
      async (request, reply) => {
        const { id, interface: one } = request.params;
        return reply.code(201).send(await linkSubnet(db, id, String(one), request.body, by(request)));
      },
    );
    routes.delete(
      `${base}/:interface/links/:link`,
      {
        schema: {
          tags,
          summary: "Take a link off an interface",
          params: ofLink,
          response: { 200: nodeInterface },
        },
      },
      async (incoming) => {
        const { id, interface: one, link } = incoming.params;
        return unlinkSubnet(db, id, String(one), link, by(incoming));
      },
    );
    routes.post(
      `${base}/:interface/disconnect`,
      {
        schema: {
          tags,
          summary: "Take an interface off its VLAN, with all its links",
          params: ofInterface,
          response: { 200: nodeInterface },
        },
      },
      async (incoming) => {
        const { id, interface: one } = incoming.params;
        return disconnect(db, id, String(one), by(incoming));
      },
    );
    routes.post(
      `${base}/:interface/links/:link/default-gateway`,
      {
        schema: {
          tags,
          summary: `Let traffic leave the ${kind} by the gateway of a link's subnet`,
          params: ofLink,
          response: { 200: nodeInterface },
        },
      },
      async (incoming) => {
        const { id, interface: one, link } = incoming.params;
        return setDefaultGateway(db, id, String(one), link, by(incoming));
      },
    );
  }
}
