/** The API, typed by its own OpenAPI (`schema.ts` is generated) over `uni.request`. */

import type { paths } from "./schema";
import { locale, t } from "@/i18n";
import { leave, token } from "@/shared/session";
import { ApiError } from "./error";

type Method = "get" | "post" | "put" | "delete";
type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths];
type Json<R> = R extends { content: { "application/json": infer A } } ? A : never;
type Responses<O> = O extends { responses: infer R } ? R : never;
type In<O, Where extends string> = O extends { parameters: { [W in Where]?: infer P } }
  ? Exclude<P, undefined>
  : never;
type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : never;
type Needs<Name extends string, T> = [T] extends [never] ? unknown : { [N in Name]: T };

/** What an operation answers when all goes well. */
export type Answer<P extends keyof paths, M extends Method> = M extends keyof paths[P]
  ? { [S in 200 | 201 | 202]: S extends keyof Responses<paths[P][M]> ? Json<Responses<paths[P][M]>[S]> : never }[200 | 201 | 202]
  : never; // prettier-ignore

/** What it is asked: `path` and `body` where it has them, `query` if wanted, `key` for what moves money. */
export type Asked<P extends keyof paths, M extends Method> = M extends keyof paths[P]
  ? Needs<"path", In<paths[P][M], "path">> & Needs<"body", Body<paths[P][M]>> & {
      query?: In<paths[P][M], "query">;
      key?: string;
    }
  : never; // prettier-ignore
type Given<A> = unknown extends A ? [asked?: A] : object extends A ? [asked?: A] : [asked: A];

const TIMEOUT_MS = 20_000;
export const origin = import.meta.env.VITE_API_ORIGIN ?? "";

export const get = <P extends PathOf<"get">>(path: P, ...[asked]: Given<Asked<P, "get">>) =>
  call("get", path, asked as Asked<P, "get">);
export const post = <P extends PathOf<"post">>(path: P, ...[asked]: Given<Asked<P, "post">>) =>
  call("post", path, asked as Asked<P, "post">);
export const put = <P extends PathOf<"put">>(path: P, ...[asked]: Given<Asked<P, "put">>) =>
  call("put", path, asked as Asked<P, "put">);
export const del = <P extends PathOf<"delete">>(path: P, ...[asked]: Given<Asked<P, "delete">>) =>
  call("delete", path, asked as Asked<P, "delete">);

interface Loose {
  path?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
  key?: string;
}

/** Asks once; a GET that did not get through once more. Refusals are thrown as `ApiError`. */
async function call<P extends keyof paths, M extends Method>(
  method: M,
  path: P,
  asked: Asked<P, M> | undefined,
): Promise<Answer<P, M>> {
  const wish = (asked ?? {}) as Loose;
  try {
    return (await request(method, address(path, wish), wish)) as Answer<P, M>;
  } catch (error) {
    const again = error instanceof ApiError && error.isPassing && method === "get";
    if (!again) throw error;
    return (await request(method, address(path, wish), wish)) as Answer<P, M>;
  }
}

/** `/api/a/{id}` with its values, and the query behind it; exported for its test. */
export function address(path: string, { path: values = {}, query = {} }: Loose): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name]!));
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return filled + (pairs.length ? `?${pairs.join("&")}` : "");
}

export function headers(key?: string): Record<string, string> {
  return {
    "Accept-Language": locale.value,
    ...(token.value ? { Authorization: `Bearer ${token.value}` } : {}),
    ...(key ? { "Idempotency-Key": key } : {}),
  };
}

function request(method: Method, at: string, { body, key }: Loose): Promise<unknown> {
  return new Promise((resolve, reject) => {
    uni.request({
      url: origin + at,
      method: method.toUpperCase() as "GET" | "POST" | "PUT" | "DELETE",
      data: body as UniApp.RequestOptions["data"],
      header: { ...headers(key), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      timeout: TIMEOUT_MS,
      success: ({ statusCode, data }) => {
        if (statusCode >= 200 && statusCode < 300) resolve(data);
        else reject(refused(statusCode, data));
      },
      fail: () => reject(new ApiError(0, { code: "offline", message: t("error.offline") })),
    });
  });
}

/** The refusal of an answer. A token that is worth nothing any more is forgotten. */
export function refused(status: number, data: unknown): ApiError {
  if (status === 401) leave();
  const told = (data as { error?: ConstructorParameters<typeof ApiError>[1] } | undefined)?.error;
  return new ApiError(status, told ?? { code: "unreadable", message: t("error.unreadable") });
}
