import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// The assets are committed (docs/adr/0013): names by content, big libraries in chunks of their own,
// so that a change of ours changes little of what is kept. ISLANDS_OUT builds elsewhere, to compare.
const out =
  process.env["ISLANDS_OUT"] ??
  fileURLToPath(new URL("../../src/mingchi/backoffice/static/islands", import.meta.url));

/** Leaves the hash of what was built beside it, so that a test without Node sees what is stale. */
function stamp(): Plugin {
  return {
    name: "stamp",
    generateBundle() {
      const here = fileURLToPath(new URL(".", import.meta.url));
      const names = ["package-lock.json", "package.json", "vite.config.ts"].concat(
        readdirSync(`${here}src`, { recursive: true, encoding: "utf8" })
          .filter((name) => /\.(ts|vue|css)$/.test(name) && !name.endsWith(".test.ts"))
          .map((name) => `src/${name}`),
      );
      const seen = createHash("sha256");
      for (const name of names.sort()) seen.update(`${name}\0`).update(readFileSync(here + name));
      this.emitFile({ type: "asset", fileName: "sources.sha256", source: `${seen.digest("hex")}\n` });
    },
  };
}

export default defineConfig({
  plugins: [vue(), stamp()],
  base: "./",
  define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false" },
  build: {
    outDir: out,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
    target: "es2022",
    rolldownOptions: {
      input: fileURLToPath(new URL("./src/main.ts", import.meta.url)),
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: "bpmn", priority: 1, test: /node_modules\/(bpmn-js|diagram-js|bpmn-js-token|preact|htm|didi|path-|randomcolor|domify|tiny-svg|inherits|@bpmn-io|clsx)/ },
            { name: "moddle", priority: 3, test: /node_modules\/(bpmn-moddle|moddle|saxen|min-dash|ids)/ },
            { name: "vue", priority: 2, test: /node_modules\/(@vue|vue|sortablejs)\// },
          ],
        },
      },
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node", pool: "threads" },
});
