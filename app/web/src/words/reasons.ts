/** Why an event has its channel, or is a machine's, in the reader's language. The server says it in English; a rule that is not listed here
 * stays in the server's words. */

import { language } from "./language";

const CHANNELS: Readonly<Record<string, string>> = {
  said: "канал назван самим событием (touchpoint_channel)",
  contact: "событие само — контакт этого вида",
  direct: "ни кампании, ни другого сайта, с которого пришли",
  cross_network: "кампания названа cross-network",
  click_search: "клик помечен системой поисковой рекламы",
  click_display: "клик помечен системой медийной рекламы",
  click_social: "клик помечен рекламой социальной сети",
  click_facebook: "Facebook помечает каждую свою ссылку",
  paid_shopping: "источник — торговая площадка или кампания названа shopping, а тип трафика платный",
  paid_search: "источник — поисковая система, а тип трафика платный",
  paid_social: "источник — социальная сеть, а тип трафика платный",
  paid_video: "источник — видеосайт, а тип трафика платный",
  display: "тип трафика указывает на медийную рекламу",
  paid_other: "тип трафика платный",
  messenger: "тип трафика указывает на мессенджер",
  chat_bot: "тип трафика указывает на чат-бота",
  ai_medium: "тип трафика указывает на ИИ-помощника",
  review_medium: "тип трафика указывает на отзывы",
  call: "тип трафика указывает на телефонный звонок",
  in_person: "тип трафика указывает на личную встречу",
  store: "тип трафика указывает на магазин",
  delivery: "тип трафика указывает на доставку",
  service: "тип трафика указывает на обслуживание",
  post: "тип трафика указывает на почтовое отправление",
  offline_ad: "тип трафика указывает на рекламу вне интернета",
  organic_shopping: "источник — торговая площадка или кампания названа shopping",
  organic_social: "источник — социальная сеть или на неё указывает тип трафика",
  organic_video: "источник — видеосайт или на видео указывает тип трафика",
  organic_search: "источник — поисковая система или тип трафика organic",
  ai_assistant: "источник — ИИ-помощник",
  messenger_source: "источник — мессенджер",
  review_site: "источник — сайт с отзывами",
  webmail: "источник — почтовый сайт",
  live_event: "тип трафика указывает на мероприятие",
  referral: "пришли с другого сайта",
  email: "источник или тип трафика — email",
  affiliates: "тип трафика — affiliate",
  audio: "тип трафика — audio",
  sms: "источник или тип трафика — sms",
  push: "тип трафика указывает на push-уведомление",
  contact_after_all: "о канале кампания не говорит, но событие — контакт этого вида",
  unassigned: "ни одно правило не знает таких источника и типа трафика",
};

const MACHINES: Readonly<Record<string, string>> = {
  mail_scanner: "так представляется служба, которая открывает почту и переходит по ссылкам за других",
  crawler: "так представляется поисковый или другой робот",
  program: "вместо браузера представилась программа",
  head_request: "запрос HEAD: ссылку проверили, не читая",
  known_network: "запрос из сети службы, которая проверяет почту",
  privacy_proxy: "картинку загрузил посредник, или сама почтовая служба сообщает, что это не человек",
  seconds_after_delivery: "не позже 5 секунд после доставки письма",
  burst: "не меньше трёх разных ссылок письма за 10 секунд",
};

export function whyChannel(rule: string, why: string): string {
  return language === "ru" ? (CHANNELS[rule] ?? why) : why;
}

/** The name of a machine's rule, as mail_scanner:barracuda, says first what sort of rule it is. */
export function whyMachine(rule: string | null, why: string | null): string {
  const parts = (rule ?? "").split(":");
  const known = parts.map((part) => MACHINES[part]).find(Boolean);
  return (language === "ru" && known) || why || "";
}
