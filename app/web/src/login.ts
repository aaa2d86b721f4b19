/** The login page in the reader's language. It says why it is shown again: the server sends the reader back with `?error=` and a reason. */

import { dress, themeNow } from "./frame/theme";
import { language, said, type Spoken } from "./words/language";

const EN = {
  title: "Log in · Waystage",
  key: "Read key or admin key",
  logIn: "Log in",
  hint: "Both stand in the file “keys” in the data folder of the server. A read key shows, the admin key may change as well.",
  errors: {
    key: "This key is not known, or it may not read.",
    link: "This link was used before or is too old. Log in with a key, or take the link of the next start.",
    away: "Postgres is away, so nobody can log in just now. Try again in a moment.",
  } as Record<string, string>,
};
const RU: typeof EN = {
  title: "Вход · Waystage",
  key: "Ключ чтения или администратора",
  logIn: "Войти",
  hint: "Оба ключа лежат в файле keys в папке данных сервера. Ключ чтения показывает, ключ администратора позволяет и изменять.",
  errors: {
    key: "Такого ключа нет, или он не даёт читать.",
    link: "Эта ссылка уже использована или устарела. Войдите с ключом или возьмите ссылку при следующем запуске.",
    away: "Postgres недоступен, поэтому войти сейчас нельзя. Попробуйте чуть позже.",
  },
};
const WORDS: Spoken<typeof EN> = { en: EN, ru: RU };

function fill(): void {
  const words = said(WORDS);
  document.documentElement.lang = language;
  document.title = words.title;
  for (const name of ["key", "logIn", "hint"] as const) {
    const place = document.querySelector(`[data-words="${name}"]`);
    if (place) place.textContent = words[name];
  }
}

function explain(error: string): void {
  const { errors } = said(WORDS);
  const wrong = document.getElementById("wrong");
  if (!wrong || !Object.hasOwn(errors, error)) return;
  wrong.textContent = errors[error] ?? "";
  wrong.hidden = false;
  if (error === "key") document.getElementById("key")?.setAttribute("aria-invalid", "true");
}

dress(themeNow());
fill();
explain(new URLSearchParams(location.search).get("error") ?? "");

/** Who came by a link into the page goes on to where it leads. */
document.querySelector("form")?.setAttribute("action", `/login${location.hash}`);
