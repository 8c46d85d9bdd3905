import { createSSRApp } from "vue";
// #ifdef H5
import { comeBackFromWechat } from "@/shared/wechat";
// #endif
import App from "./App.vue";

// #ifdef H5
comeBackFromWechat(); // before the router reads the address
// #endif

export function createApp() {
  return { app: createSSRApp(App) };
}
