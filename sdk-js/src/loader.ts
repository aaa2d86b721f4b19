import type {} from "./script.js";

/** One inline script in place of two tags. The server puts in the address of waystage.js and the source's write key. */
((url: string, writeKey: string) => {
  window.waystage =
    window.waystage ||
    function (...call) {
      (window.waystage!.q = window.waystage!.q || ([] as unknown[])).push(call);
    };
  const script = document.createElement("script");
  script.src = url;
  script.dataset.writeKey = writeKey;
  document.head.appendChild(script);
})("SCRIPT_URL", "WRITE_KEY");
