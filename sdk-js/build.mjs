import { copyFile, mkdir, readFile, readdir } from "node:fs/promises";
import { build } from "esbuild";

const { version } = JSON.parse(await readFile("package.json", "utf8"));
const browser = { bundle: true, minify: true, target: "es2020", charset: "utf8", define: { VERSION: JSON.stringify(version) } };

async function buildSnippet() {
  await mkdir("dist", { recursive: true });
  await Promise.all([
    build({ ...browser, entryPoints: ["src/script.ts"], format: "iife", outfile: "dist/waystage.js" }),
    build({ ...browser, entryPoints: ["src/client.ts"], format: "esm", outfile: "dist/waystage.mjs" }),
    build({ ...browser, entryPoints: ["src/loader.ts"], target: "es2015", format: "esm", outfile: "dist/loader.js" }),
    copyFile("src/snippet.html", "dist/snippet.html"),
  ]);
}

async function buildTests() {
  const tests = (await readdir("tests")).filter((file) => file.endsWith(".test.ts"));
  await build({ entryPoints: tests.map((file) => `tests/${file}`), bundle: true, platform: "node", format: "esm", outdir: ".build/tests" });
}

await (process.argv[2] === "tests" ? buildTests() : buildSnippet());
