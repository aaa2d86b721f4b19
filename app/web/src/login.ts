/** The login page says that a key was refused: the server sends it back with `?error=1`. */

const wrong = document.getElementById("wrong");
const key = document.getElementById("key");
const refused = new URLSearchParams(location.search).has("error");

if (wrong && refused) wrong.hidden = false;
if (refused) key?.setAttribute("aria-invalid", "true");
