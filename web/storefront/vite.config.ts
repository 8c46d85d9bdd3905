import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import uni from "@dcloudio/vite-plugin-uni";
import type { Plugin } from "vite";
import { defineConfig } from "vite";

// H5 is committed as built (docs/adr/0013), so that a page needs no Node: the page itself, and below
// `static/storefront` what Django serves with its other static files, under names by content.
const here = fileURLToPath(new URL(".", import.meta.url));
// `npm run dev` shows the pages over a platform that runs here, `API=http://… npm run dev` over another.
const api = process.env["API"] ?? "http://127.0.0.1:8000";
const platform = process.env["UNI_PLATFORM"] ?? "h5";

/** Nothing comes from other sites: wot-design-uni's icons are a font from one, so ours, which are
 * pictures in the sheet, stand in for them; uni-app's sheet asks for a shadow that no page has. */
function ownHouse(): Plugin {
  return {
    name: "own-house",
    enforce: "pre",
    transform(code, id) {
      if (!/@dcloudio\/.*\.css/.test(id)) return undefined;
      return code.replace(/url\(["']?https:[^)]*\)/g, "none");
    },
    resolveId(source, importer) {
      if (importer?.includes("/wot-design-uni/") && source.endsWith("/wd-icon.vue")) {
        return `${here}src/ui/app-icon.vue`;
      }
      return undefined;
    },
  };
}

/** Leaves the hash of what was built beside it, so that a test without Node sees what is stale. */
function stamp(): Plugin {
  return {
    name: "stamp",
    generateBundle() {
      const names = ["index.html", "package-lock.json", "package.json", "vite.config.ts"].concat(
        readdirSync(`${here}src`, { recursive: true, encoding: "utf8" })
          .filter((name) => /\.(ts|vue|scss|json)$/.test(name))
          .filter((name) => !/\.test\.ts$|^api\/(schema|openapi)/.test(name))
          .map((name) => `src/${name}`),
      );
      const seen = createHash("sha256");
      for (const name of names.sort()) seen.update(`${name}\0`).update(readFileSync(here + name));
      this.emitFile({ type: "asset", fileName: "sources.sha256", source: `${seen.digest("hex")}\n` });
    },
  };
}

export default defineConfig({
  plugins: [uni(), ownHouse(), ...(platform === "h5" ? [stamp()] : [])],
  server: { host: "127.0.0.1", proxy: { "/api": api, "/media": api } },
  build: { assetsDir: "static/storefront", target: "es2018", chunkSizeWarningLimit: 600 },
});
