import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const PAGES = ["index.html", "login.html", "demo.html", "icon.svg"];
const LICENCES = ["echarts/LICENSE", "echarts/NOTICE", "zrender/LICENSE", "tslib/LICENSE.txt", "preact/LICENSE"];
const BROWSERS = ["es2022", "chrome123", "firefox121", "safari17.5"];
const FRESH = ".build/dist";
const SHARED = {
  outdir: FRESH,
  bundle: true,
  minify: true,
  target: BROWSERS,
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "info",
};

async function buildPages() {
  await rm(FRESH, { recursive: true, force: true });
  await build({ ...SHARED, entryPoints: ["src/first.ts", "src/login.ts", "src/shop/demo.ts", "src/page.css"], entryNames: "[name]", format: "iife" });
  await build({ ...SHARED, entryPoints: ["src/main.tsx"], chunkNames: "[name]-[hash]", format: "esm", splitting: true });
  await Promise.all(PAGES.map((page) => copyFile(page, `${FRESH}/${page}`)));
  const texts = await Promise.all(LICENCES.map((path) => readFile(`node_modules/${path}`, "utf8")));
  await writeFile(`${FRESH}/licences.txt`, texts.map((text, at) => `== ${LICENCES[at]}\n\n${text}`).join("\n"));
  await pack();
  await rm("dist", { recursive: true, force: true });
  await rename(FRESH, "dist");
}

/** Each file compressed beside it, so that serving it costs nothing. */
async function pack() {
  const names = (await readdir(FRESH)).filter((name) => /\.(js|css|svg)$/.test(name));
  await Promise.all(names.map(async (name) => {
    const text = await readFile(`${FRESH}/${name}`);
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
    await writeFile(`${FRESH}/${name}.br`, await promisify(brotliCompress)(text, quality));
    await writeFile(`${FRESH}/${name}.gz`, await promisify(gzip)(text, { level: 9 }));
  }));
}

async function buildTests() {
  await rm(".build/tests", { recursive: true, force: true });
  await mkdir(".build", { recursive: true });
  const tests = (await readdir("tests")).filter((name) => /\.test\.tsx?$/.test(name));
  await build({
    entryPoints: tests.map((name) => `tests/${name}`),
    outdir: ".build/tests",
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    jsx: "automatic",
    jsxImportSource: "preact",
    sourcemap: "inline",
    logLevel: "warning",
  });
}

await (process.argv[2] === "tests" ? buildTests() : buildPages());
