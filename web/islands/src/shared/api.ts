/** The REST API, as the signed-in member of staff. */

export interface Finding {
  code: string;
  message: string;
  element: string | null;
  line: number | null;
  path: string[];
}
export interface VersionRef {
  id: number;
  number: number;
  status: "draft" | "published" | "retired";
  created_by: string;
  edited_at: string;
  published_at: string | null;
}
export interface FlowRef {
  id: number;
  merchant_id: number | null;
  kind: string;
  key: string;
  name: string;
  versions: VersionRef[];
}
export interface Version extends VersionRef {
  flow: FlowRef;
  bpmn: string;
  revision: string;
  findings: Finding[] | null;
  may_edit: boolean;
  may_publish: boolean;
}
export interface Step {
  name: string;
  title: string;
  doing: "automatic" | "human" | "either";
  actors: string[];
  outcomes: string[];
  requires: string;
  provides: string[];
}
export interface Variable {
  name: string;
  type: "int" | "string" | "bool" | "list<string>";
  title: string;
  values: string[];
}
export interface Template {
  key: string;
  name: string;
  about: string;
}
export interface Vocabulary {
  steps: Step[];
  roles: string[];
  variables: Variable[];
  signals: string[];
  templates: Template[];
}
export interface Tried {
  total: number;
  passed: Record<string, number>;
  paths: { nodes: string[]; ended: string | null; trouble: string; count: number; subjects: string[] }[];
}
export interface Difference {
  added: string[];
  removed: string[];
  changed: { element: string; fields: Record<string, [unknown, unknown]> }[];
}

/** A refusal: `code` for us, `message` for people, `details` as the route says. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown>,
  ) {
    super(message);
  }
}

let base = "/api";
let csrf = "";

export function connect(at: string, token: string): void {
  base = at;
  csrf = token;
}

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${base}/staff/flows${path}`, {
    method,
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const read = await answer.json().catch(() => null);
  if (answer.ok) return read as T;
  const error = read?.error ?? {};
  throw new Refused(answer.status, error.code ?? "", error.message ?? answer.statusText, error.details ?? {});
}

export const get = <T>(path: string): Promise<T> => call<T>("GET", path);
export const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>("POST", path, body);
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>("PUT", path, body);
export const fileAddress = (id: number): string => `${base}/staff/flows/versions/${id}/file`;
