import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { minify } from "terser";

const { version } = JSON.parse(await readFile("package.json", "utf8"));
const unsafe = { unsafe: true, unsafe_arrows: true, unsafe_methods: true, pure_getters: true };
const small = { ...unsafe, passes: 4, keep_fargs: false, hoist_funs: false, inline: 1 };

function options(links) {
  const define = { VERSION: JSON.stringify(version), LINKS: `${links}` };
  return { bundle: true, target: "es2020", charset: "utf8", format: "esm", define };
}

/** A script for a tag: with LINKS, one that carries the visitor to other domains too. */
async function buildScript(file, links) {
  const { outputFiles } = await build({ ...options(links), entryPoints: ["src/script.ts"], minifySyntax: true, write: false });
  const { code } = await minify(outputFiles[0].text, { ecma: 2020, module: true, compress: small });
  await writeFile(`dist/${file}`, `(()=>{${code.replace(/;$/, "")}})()`);
}

async function buildSnippet() {
  await mkdir("dist", { recursive: true });
  await Promise.all([
    buildScript("waystage.js", false),
    buildScript("waystage-extra.js", true),
    build({ ...options(true), entryPoints: ["src/client.ts"], minify: true, outfile: "dist/waystage.mjs" }),
    build({ ...options(false), entryPoints: ["src/loader.ts"], minify: true, target: "es2015", outfile: "dist/loader.js" }),
    copyFile("src/snippet.html", "dist/snippet.html"),
  ]);
}

async function buildTests() {
  const tests = (await readdir("tests")).filter((file) => file.endsWith(".test.ts"));
  await build({ entryPoints: tests.map((file) => `tests/${file}`), bundle: true, platform: "node", format: "esm", outdir: ".build/tests" });
}

await (process.argv[2] === "tests" ? buildTests() : buildSnippet());
