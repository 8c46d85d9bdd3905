/** Who is signed in on this device. */

import { computed } from "vue";
import { kept } from "./kept";

interface Session {
  token: string;
  memberId: number;
}

const session = kept<Session | null>("session", null);

export const token = computed(() => session.value?.token ?? "");
export const isSignedIn = computed(() => session.value !== null);
export const memberId = computed(() => session.value?.memberId ?? null);

export function enter(answer: { token: string; member_id: number }): void {
  session.value = { token: answer.token, memberId: answer.member_id };
}

export function leave(): void {
  session.value = null;
}
