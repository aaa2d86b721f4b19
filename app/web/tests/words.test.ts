import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { csvOf } from "../src/parts/csv";
import { labelled, languageOf, plural } from "../src/words/language";

const SOURCES = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));

test("the browser's first language that there are words in, else English", () => {
  assert.equal(languageOf(["de", "ru-RU", "en"]), "ru");
  assert.equal(languageOf(["fr"]), "en");
  assert.equal(labelled({ en: "Decision", ru: "Решение" }, "decision"), "Decision");
  assert.equal(labelled(null, "constructor"), "constructor");
  assert.equal(labelled({}, "constructor"), "constructor");
});

test("a number takes its form of the word", () => {
  assert.deepEqual([1, 2].map((number) => plural(number, { one: "touch", other: "touches" })), ["touch", "touches"]);
});

test("no cell of a CSV is a formula, and quoting keeps what was said", () => {
  const columns = [{ name: "a", title: "A", value: ({ cell }: { cell: string | number | null }) => cell }];
  const cells = ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\u00a0=1", " =1", 'say "x", y', "two\nlines", -5, null];
  const [, ...lines] = csvOf(columns, cells.map((cell) => ({ cell }))).split("\r\n").slice(0, 6);
  assert.deepEqual(lines, ["'=1+1", "'+1", "'-1", "'@a", "'\t=1"]);
  const rest = csvOf(columns, cells.slice(5).map((cell) => ({ cell })));
  assert.equal(rest, `A\r\n"'\r=1"\r\n'\u00a0=1\r\n' =1\r\n"say ""x"", y"\r\n"two\nlines"\r\n-5\r\n\r\n`);
});

test("nothing is ever parsed as markup", () => {
  const parsing = /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/;
  assert.ok(SOURCES.length > 20);
  assert.deepEqual(SOURCES.filter((name) => parsing.test(readFileSync(join("src", name), "utf8"))), []);
});
