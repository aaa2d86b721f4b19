import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";

const PAGES = ["index.html", "login.html", "demo.html", "icon.svg"];
const LICENCES = ["echarts/LICENSE", "echarts/NOTICE", "zrender/LICENSE", "tslib/LICENSE.txt"];

async function buildPages() {
  await rm("dist", { recursive: true, force: true });
  await build({
    entryPoints: ["src/page.ts", "src/demo.ts", "src/login.ts", "src/page.css"],
    outdir: "dist",
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2020", "safari15"],
    charset: "utf8",
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "info",
  });
  await Promise.all(PAGES.map((page) => copyFile(page, `dist/${page}`)));
  const texts = await Promise.all(LICENCES.map((path) => readFile(`node_modules/${path}`, "utf8")));
  await writeFile("dist/licences.txt", texts.map((text, at) => `== ${LICENCES[at]}\n\n${text}`).join("\n"));
}

async function buildTests() {
  await mkdir(".build", { recursive: true });
  const tests = (await readdir("tests")).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: tests.map((name) => `tests/${name}`),
    outdir: ".build/tests",
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    logLevel: "warning",
  });
}

await (process.argv[2] === "tests" ? buildTests() : buildPages());
