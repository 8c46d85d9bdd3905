import { createSSRApp } from "vue";
// #ifdef H5
import { comeBackFromWechat } from "@/shared/wechat";
import AppUnreachable from "@/ui/app-unreachable.vue";
// #endif
import App from "./App.vue";

// #ifdef H5
comeBackFromWechat(); // before the router reads the address
// #endif

export function createApp() {
  const app = createSSRApp(App);
  // #ifdef H5
  app.component("AsyncError", AppUnreachable); // uni-app's own speaks one language, and has no way back
  // #endif
  return { app };
}
