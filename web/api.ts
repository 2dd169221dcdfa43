import type { Event, Machine, Problem } from "@rackwright/contract";

export interface Session {
  readonly username: string;
  readonly csrf_token: string;
}

/** The region refused; `message` is its own sentence. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function exchange<T>(method: string, path: string, csrf?: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (csrf !== undefined) headers["x-csrf-token"] = csrf;
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(path, init);
  const text = await response.text();
  if (!response.ok) {
    const problem = text.startsWith("{") ? (JSON.parse(text) as Partial<Problem>) : {};
    throw new Refused(
      response.status,
      [problem.detail ?? `The region answered ${response.status}.`, problem.next ?? ""].join(" ").trim(),
    );
  }
  return (text === "" ? null : JSON.parse(text)) as T;
}

export const currentSession = (): Promise<Session> => exchange("GET", "/api/v1/sessions/current");
export const signIn = (username: string, password: string): Promise<Session> =>
  exchange("POST", "/api/v1/sessions", undefined, { username, password });
export const signOut = (session: Session): Promise<null> =>
  exchange("DELETE", "/api/v1/sessions/current", session.csrf_token);

interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
}

export const listMachines = (): Promise<Page<Machine>> => exchange("GET", "/api/v1/machines?limit=200");
export const getMachine = (id: string): Promise<Machine> => exchange("GET", `/api/v1/machines/${id}`);
export const listEvents = (machine: string): Promise<Page<Event>> =>
  exchange("GET", `/api/v1/events?machine=${machine}&level=debug&order=desc&limit=200`);
export const act = (session: Session, id: string, action: string): Promise<unknown> => {
  const power = action.match(/^power_(on|off|cycle)$|^(query)_power$/);
  if (action === "allocate") return exchange("POST", "/api/v1/machines/allocate", session.csrf_token, { id });
  const verb = power ? `power/${power[1] ?? power[2]}` : action;
  return exchange("POST", `/api/v1/machines/${id}/${verb}`, session.csrf_token, {});
};

/** Follows the event stream from `cursor`; the browser reconnects by itself and resumes where it was. */
export function followEvents(
  cursor: number,
  onEvent: (event: Event) => void,
  onState: (connected: boolean) => void,
): () => void {
  const source = new EventSource(`/api/v1/events/stream?level=debug&cursor=${cursor}`);
  source.addEventListener("message", (message: MessageEvent<string>) => onEvent(JSON.parse(message.data) as Event));
  source.addEventListener("open", () => onState(true));
  source.addEventListener("error", () => onState(false));
  return () => source.close();
}
export const lastEventId = async (): Promise<number> =>
  (await exchange<Page<Event>>("GET", "/api/v1/events?order=desc&limit=1&level=debug")).items[0]?.id ?? 0;
