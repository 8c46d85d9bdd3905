import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Tests see what H5 is built of: `#ifdef` and `#ifndef` are comments to everybody but uni-app. */
function asH5(): Plugin {
  const block = /^[ \t]*\/\/ #(ifdef|ifndef) (.+)\n([\s\S]*?)^[ \t]*\/\/ #endif$/gm;
  const isH5 = (names: string) => names.split("||").some((name) => name.trim() === "H5");
  return {
    name: "as-h5",
    enforce: "pre",
    transform: (code, id) =>
      /\/src\/.*\.ts$/.test(id)
        ? code.replace(block, (_, kind: string, names: string, body: string) =>
            isH5(names) === (kind === "ifdef") ? body : "",
          )
        : undefined,
  };
}

export default defineConfig({
  plugins: [asH5()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: { include: ["src/**/*.test.ts", "check/*.test.ts"], environment: "node", pool: "threads", testTimeout: 60_000 },
});
