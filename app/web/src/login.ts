/** The login page says why it is shown again: the server sends the reader back with `?error=` and a reason. */

const REASONS: Record<string, string> = {
  key: "This key is not known, or it may not read.",
  link: "This link was used before or is too old. Log in with the read key, or take the link of the next start.",
  away: "Postgres is away, so nobody can log in just now. Try again in a moment.",
};

const wrong = document.getElementById("wrong");
const key = document.getElementById("key");
const error = new URLSearchParams(location.search).get("error");
const words = Object.hasOwn(REASONS, error ?? "") ? REASONS[error ?? ""] : undefined;

if (wrong && words) {
  wrong.textContent = words;
  wrong.hidden = false;
}
if (error === "key") key?.setAttribute("aria-invalid", "true");

/** Who came by a link into the page goes on to where it leads. */
document.querySelector("form")?.setAttribute("action", `/login${location.hash}`);
