import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { defineConfig, type Plugin } from "vite";

/** Write the licences of everything that is bundled beside the page. */
function notices(): Plugin {
  return {
    name: "notices",
    generateBundle(_, bundle) {
      const packages = new Map<string, string>();
      for (const file of Object.values(bundle)) {
        if (file.type !== "chunk") continue;
        for (const path of Object.keys(file.modules)) {
          const found = /^\0?(.*\/node_modules\/((?:@[^/.]+\/)?[^/.][^/]*))\//.exec(path);
          // tslib (0BSD) asks for no notice
          if (found?.[1] && found[2] && found[2] !== "tslib") packages.set(found[2], found[1]);
        }
      }
      const texts = [...packages].sort().map(([name, folder]) => notice(name, folder));
      this.emitFile({ type: "asset", fileName: "NOTICES.txt", source: texts.join("\n") });
    },
  };
}

/** What the Teams library holds of other packages without their own files: holders of MIT licences. */
const WITHIN_TEAMS: Record<string, string> = {
  debug: "2014-2017 TJ Holowaychuk, 2018-2021 Josh Junon",
  ms: "2020 Vercel, Inc.",
  uuid: "2010-2020 Robert Kieffer and other contributors",
};

function notice(name: string, folder: string): string {
  const within = /\.pnpm\/[^/]*@([^/@]+)\/node_modules\//.exec(folder);
  if (within) {
    const holder = WITHIN_TEAMS[name];
    if (!holder) throw new Error(`whose is ${name}, bundled in teams-js?`);
    return `${name} ${within[1]} (MIT)\n\n${mitText(holder)}\n`;
  }
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf-8")) as {
    version: string;
    license: string;
    author?: string | { name: string };
  };
  const author = typeof about.author === "object" ? about.author.name : about.author;
  let text = "";
  for (const file of ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE"]) {
    try {
      text = readFileSync(join(folder, file), "utf-8").trim();
      break;
    } catch {
      // the next name
    }
  }
  const words = text || mitText(author || "Microsoft Corporation");
  return `${name} ${about.version} (${about.license})\n\n${words.replace(/\r/g, "")}\n`;
}

/** MIT's text, for packages that name the licence without enclosing it. */
function mitText(holder: string): string {
  return `Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to
permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
}

export default defineConfig({
  base: "/",
  plugins: [notices()],
  build: {
    outDir: "page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: true,
  },
});
