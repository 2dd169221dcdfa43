import type {
  CauseDescription,
  Event,
  Explanation,
  Image,
  LoginWays,
  Machine,
  MachineDetail,
  Problem,
  ScriptResult,
  Timeline,
} from "@rackwright/contract";

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
  const text = await textOf(path, init);
  return (text === "" ? null : JSON.parse(text)) as T;
}

async function textOf(path: string, init: RequestInit): Promise<string> {
  const response = await fetch(path, init);
  const text = await response.text();
  if (response.ok) return text;
  const problem = text.startsWith("{") ? (JSON.parse(text) as Partial<Problem>) : {};
  throw new Refused(
    response.status,
    [problem.detail ?? `The region answered ${response.status}.`, problem.next ?? ""].join(" ").trim(),
  );
}

export const currentSession = (): Promise<Session> => exchange("GET", "/api/v1/sessions/current");
export const signIn = (username: string, password: string): Promise<Session> =>
  exchange("POST", "/api/v1/sessions", undefined, { username, password });
export const loginWays = (): Promise<LoginWays> => exchange("GET", "/api/v1/login");
export const signOut = (session: Session): Promise<null> =>
  exchange("DELETE", "/api/v1/sessions/current", session.csrf_token);

interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
}

/** Every machine, page after page. */
export async function listMachines(): Promise<Machine[]> {
  const found: Machine[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const after: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page<Machine> = await exchange("GET", `/api/v1/machines?limit=1000${after}`);
    found.push(...page.items);
    cursor = page.next;
  }
  return found;
}
export const getMachine = (id: string): Promise<MachineDetail> => exchange("GET", `/api/v1/machines/${id}`);
export const getTimeline = (id: string): Promise<Timeline> => exchange("GET", `/api/v1/machines/${id}/timeline`);
export const listResults = (id: string): Promise<Page<ScriptResult>> =>
  exchange("GET", `/api/v1/machines/${id}/results?limit=1000`);
/** What a script wrote, standard output and errors together. */
export const getOutput = (result: number): Promise<string> =>
  textOf(`/api/v1/results/${result}/output?stream=combined`, { credentials: "same-origin" });
export const suppress = (session: Session, result: number, on: boolean): Promise<ScriptResult> =>
  exchange("POST", `/api/v1/results/${result}/${on ? "suppress" : "unsuppress"}`, session.csrf_token);
export const listImages = (): Promise<Page<Image>> => exchange("GET", "/api/v1/images?limit=1000");
export const explain = (id: string): Promise<Explanation> => exchange("GET", `/api/v1/machines/${id}/explanation`);
export const listFailures = (): Promise<{ readonly items: CauseDescription[] }> => exchange("GET", "/api/v1/failures");
/** The newest events of one machine, packets too, or of the whole site. */
export const listEvents = (machine?: string): Promise<Page<Event>> =>
  exchange(
    "GET",
    `/api/v1/events?${machine === undefined ? "" : `machine=${machine}&level=debug&`}order=desc&limit=200`,
  );
/** Asks something of a machine; `body` is what the action takes. */
export const act = (session: Session, id: string, action: string, body: object = {}): Promise<unknown> => {
  const power = action.match(/^power_(on|off|cycle)$|^(query)_power$/);
  if (action === "allocate") return exchange("POST", "/api/v1/machines/allocate", session.csrf_token, { id });
  const verb = power ? `power/${power[1] ?? power[2]}` : action;
  return exchange("POST", `/api/v1/machines/${id}/${verb}`, session.csrf_token, power ? {} : body);
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
