/** Finds what the page handed over, and puts its island in. */

import { type Component, createApp } from "vue";
import { connect } from "./shared/api";
import { setLanguage } from "./shared/i18n";
import "./shared/style.css";

const ISLANDS: Record<string, () => Promise<{ default: Component }>> = {
  new: () => import("./editor/NewFlow.vue"),
  edit: () => import("./editor/EditFlow.vue"),
  compare: () => import("./editor/CompareFlows.vue"),
  tables: () => import("./tables/FlowTables.vue"),
};

async function mount(): Promise<void> {
  const data = document.getElementById("island-props")?.textContent;
  const place = document.getElementById("island");
  if (!data || !place) return;
  const { island, language, csrf, api, ...props } = JSON.parse(data);
  setLanguage(language);
  connect(api, csrf);
  const load = ISLANDS[island];
  if (!load) throw new Error(`no island ${island}`);
  createApp((await load()).default, props).mount(place);
}

void mount();
