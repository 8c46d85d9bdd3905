/** What a page loads: its data, that it is on its way, or why it did not come. */

import { type Ref, computed, ref, shallowRef } from "vue";
import { ApiError } from "@/api/error";

export interface Load {
  isLoading: Ref<boolean>;
  isEmpty: Ref<boolean>;
  error: Ref<ApiError | null>;
  reload: () => Promise<void>;
}

/** One thing. Loading again keeps what is shown until the new comes; a late answer to an older
 * question is dropped. */
export function useLoad<T>(ask: () => Promise<T>): Load & { data: Ref<T | null> } {
  const data = shallowRef<T | null>(null) as Ref<T | null>;
  const error = ref<ApiError | null>(null);
  const isLoading = ref(false);
  let latest = 0;

  async function reload(): Promise<void> {
    const mine = ++latest;
    isLoading.value = true;
    try {
      const found = await ask();
      if (mine === latest) [data.value, error.value] = [found, null];
    } catch (thrown) {
      if (mine === latest) error.value = asApiError(thrown);
    } finally {
      if (mine === latest) isLoading.value = false;
    }
  }

  const isEmpty = computed(() => Array.isArray(data.value) && data.value.length === 0);
  return { data, error, isLoading, isEmpty, reload };
}

interface Part<T, Mark> {
  items: T[];
  next?: Mark | null;
}

/** A list that goes on: `more` asks for the next part with the mark of the last one. */
export function useList<T, Mark = number>(
  ask: (after: Mark | undefined) => Promise<Part<T, Mark>>,
): Load & { items: Ref<T[]>; hasMore: Ref<boolean>; more: () => Promise<void> } {
  const items = shallowRef<T[]>([]) as Ref<T[]>;
  const next = shallowRef<Mark | null>(null);
  const first = useLoad(async () => {
    const part = await ask(undefined);
    items.value = part.items;
    next.value = part.next ?? null;
    return part.items;
  });
  let isAsking = false;

  async function more(): Promise<void> {
    const mark = next.value;
    if (mark === null || isAsking || first.isLoading.value) return;
    isAsking = true;
    try {
      const part = await ask(mark);
      if (next.value !== mark) return; // the list was begun anew meanwhile
      items.value = [...items.value, ...part.items];
      next.value = part.next ?? null;
    } catch (thrown) {
      first.error.value = asApiError(thrown);
    } finally {
      isAsking = false;
    }
  }

  const hasMore = computed(() => next.value !== null);
  return { ...first, items, hasMore, more };
}

function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  throw thrown;
}
