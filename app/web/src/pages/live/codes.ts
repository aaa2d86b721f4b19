/** Why an event is refused, in words; a code that is not listed stays as it is. */

import { named } from "../../words/format";
import { said, type Spoken } from "../../words/language";

const CODES: Spoken<Record<string, string>> = {
  en: {
    not_json: "Not JSON",
    not_an_object: "Not an object",
    not_a_row: "Not a row of its table",
    too_large: "Too large",
    too_deep: "Nested too deeply",
    too_many_keys: "Too many keys",
    unstorable_text: "Text that cannot be stored",
    unstorable_number: "A number that would be changed",
    unknown_type: "Unknown type",
    missing_field: "A field is missing",
    wrong_type: "A value of the wrong type",
    id_too_long: "An id is too long",
    missing_identifier: "Names nobody",
    time_outside: "A time that cannot be",
    time_unreadable: "A time that cannot be read",
    unstorable: "Postgres refused it",
  },
  ru: {
    not_json: "Не JSON",
    not_an_object: "Не объект",
    not_a_row: "Не строка таблицы",
    too_large: "Слишком большое",
    too_deep: "Слишком глубокая вложенность",
    too_many_keys: "Слишком много ключей",
    unstorable_text: "Текст, который нельзя сохранить",
    unstorable_number: "Число, которое исказилось бы",
    unknown_type: "Неизвестный тип",
    missing_field: "Не хватает поля",
    wrong_type: "Значение не того типа",
    id_too_long: "Слишком длинный идентификатор",
    missing_identifier: "Никого не называет",
    time_outside: "Невозможное время",
    time_unreadable: "Нечитаемое время",
    unstorable: "Postgres не принял",
  },
};

export function reasonOf(code: string): string {
  const words = said(CODES);
  return Object.hasOwn(words, code) ? (words[code] ?? code) : named(code);
}
