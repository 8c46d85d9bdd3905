/** What a page loads: its data, that it is on its way, or why it did not come. */

import { type Ref, computed, ref, shallowRef } from "vue";
import { ApiError } from "@/api/error";

export interface Load {
  isLoading: Ref<boolean>;
  /** Something came. */
  isReady: Ref<boolean>;
  /** What came is a list with nothing in it. */
  isEmpty: Ref<boolean>;
  error: Ref<ApiError | null>;
  reload: () => Promise<void>;
  /** Load something else, and show nothing until it comes. */
  anew: () => Promise<void>;
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

  function anew(): Promise<void> {
    data.value = null;
    return reload();
  }

  const isReady = computed(() => data.value !== null);
  const isEmpty = computed(() => Array.isArray(data.value) && data.value.length === 0);
  return { data, error, isLoading, isReady, isEmpty, reload, anew };
}

const AT_ONCE = 20;

interface Part<Mark> {
  items: unknown[];
  next?: Mark | null;
}

/** A list that goes on: `more` asks for the next part with the mark of the last one, and puts it to
 * what is there. What a part says besides its items is the latest part's. */
export function useList<P extends Part<Mark>, Mark = number>(
  ask: (after: Mark | undefined) => Promise<P>,
): Load & { data: Ref<P | null>; items: Ref<P["items"]>; hasMore: Ref<boolean>; more: () => Promise<void> } {
  const load = useLoad(() => ask(undefined));
  const { data, error } = load;
  let isAsking = false;

  async function more(): Promise<void> {
    const before = data.value;
    const mark = before?.next ?? null;
    if (before === null || mark === null || isAsking || load.isLoading.value) return;
    isAsking = true;
    try {
      const part = await ask(mark);
      if (data.value !== before) return; // the list was begun anew meanwhile
      data.value = { ...part, items: [...before.items, ...part.items] };
    } catch (thrown) {
      error.value = asApiError(thrown);
    } finally {
      isAsking = false;
    }
  }

  const items = computed(() => data.value?.items ?? []);
  const isEmpty = computed(() => load.isReady.value && items.value.length === 0);
  const hasMore = computed(() => (data.value?.next ?? null) !== null);
  return { ...load, isEmpty, items, hasMore, more };
}

/** The same of what the API gives from a place on, not after a mark. */
export const useSkipping = <T>(ask: (from: { limit: number; skip: number }) => Promise<T[]>) =>
  useList(async (skip: number | undefined = 0) => {
    const items = await ask({ limit: AT_ONCE, skip });
    return { items, next: items.length === AT_ONCE ? skip + AT_ONCE : null };
  });

function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  throw thrown;
}
