/** The reader's language: chosen by the browser, or by the reader for this browser. */

export const LANGUAGES = ["en", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];

const KEPT = "waystage.language";

/** Words of a page in each language; a word with a number in it is a function. */
export type Spoken<T> = Readonly<Record<Language, T>>;

function isLanguage(text: string | null | undefined): text is Language {
  return LANGUAGES.some((language) => language === text);
}

/** The first of the languages that there are words in; English where there is none. */
export function languageOf(wanted: readonly string[]): Language {
  return wanted.map((tag) => tag.toLowerCase().split("-")[0]).find(isLanguage) ?? "en";
}

export let language: Language = isLanguage(kept()) ? (kept() as Language) : languageOf(typeof navigator === "undefined" ? [] : navigator.languages);

function kept(): string | null {
  return typeof localStorage === "undefined" ? null : localStorage.getItem(KEPT);
}

export function speak(next: Language): void {
  language = next;
  localStorage.setItem(KEPT, next);
  document.documentElement.lang = next;
}

/** The words in the reader's language. Ask for them where they are shown, for the reader may change it. */
export function said<T>(words: Spoken<T>): T {
  return words[language];
}

/** The label in the reader's language, else in English, else the name. */
export function labelled(labels: Readonly<Record<string, string>> | null | undefined, name: string): string {
  const own = (tag: string) => (labels && Object.hasOwn(labels, tag) ? labels[tag] : undefined);
  return own(language) || own("en") || name;
}

/** The form of a word that a number takes: English has one and other, Russian one, few and many. */
export function plural(number: number, forms: { one: string; few?: string; many?: string; other?: string }): string {
  const form = new Intl.PluralRules(language).select(number);
  return forms[form as keyof typeof forms] ?? forms.other ?? forms.many ?? forms.one;
}
