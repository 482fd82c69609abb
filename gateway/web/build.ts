import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Empties the output folder but for .gitkeep, which keeps the folder in git and with it the Go package compiling. */
export function clean(): Plugin {
  let outDir = "";
  return {
    name: "otklik-clean",
    apply: "build",
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
    },
    buildStart() {
      for (const name of readdirSync(outDir)) {
        if (name !== ".gitkeep") {
          rmSync(join(outDir, name), { recursive: true });
        }
      }
    },
  };
}

// Files below this size gain nothing.
const smallest = 1024;
const compressible = /\.(js|css|html|svg|json|txt)$/;

/** Puts a compressed copy beside each file that gains from it; the gateway serves the copy to browsers that take it. */
export function gzip(): Plugin {
  return {
    name: "otklik-gzip",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          const source = Buffer.from(file.type === "chunk" ? file.code : file.source);
          if (compressible.test(file.fileName) && source.length >= smallest) {
            this.emitFile({ type: "asset", fileName: `${file.fileName}.gz`, source: gzipSync(source, { level: 9 }) });
          }
        }
      },
    },
  };
}
