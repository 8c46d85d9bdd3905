/** What every row of the list editor shares: provided once by the editor. */

import type { InjectionKey, Ref } from "vue";
import type { Vocabulary } from "../shared/api";
import type { El } from "../shared/elements";
import type { Flow } from "./flow";
import type { Chain, Row } from "./outline";

export interface Desk {
  words: Vocabulary;
  tables: string[];
  readonly: boolean;
  tick: Ref<number>;
  selected: Ref<string>;
  /** Elements on the failing path, with what is said of each. */
  faults: Ref<Map<string, string[]>>;
  path: Ref<Set<string>>;
  /** "path" for one that fails, "taken" for one that orders took. */
  pathLook: Ref<string>;
  passed: Ref<Record<string, number> | null>;
  flow(): Flow;
  /** Do a change; it lands in the history, and the list is read anew. */
  change(what: () => void): void;
  set(element: El, field: string, value: string): void;
  add(place: El[]): void;
  titleOf(element: El): string;
  lists: WeakMap<HTMLElement, Chain>;
  drop(row: Row, chain: Chain, index: number): void;
  steps(): { id: string; title: string }[];
}

export const DESK: InjectionKey<Desk> = Symbol("desk");
