/* What is seen where a script or style of the page does not arrive: one more load, then words and a button.
 *
 * Law: a file of its own under a name that no build changes, loaded before all others and needing none of
 * them: behind a load balancer a node with another build answers 404 for what this page names. */
(() => {
  const MARK = "rufname.loaded-again";
  const WORDS = {
    en: ["The page did not arrive as a whole. It may be on its way to a new version.", "Try again"],
    de: ["Die Seite ist nicht vollständig angekommen. Vielleicht wird sie gerade aktualisiert.", "Noch einmal"],
  };
  let isWhole = true;

  /** Tell whether this load is the second one; true as well where nothing can be kept, as nobody would end it. */
  function isSecond() {
    try {
      if (sessionStorage.getItem(MARK)) return true;
      sessionStorage.setItem(MARK, "1");
      return !sessionStorage.getItem(MARK);
    } catch {
      return true;
    }
  }

  /** Before the body, since what arrived of the page fills that. */
  function tell() {
    const [sentence, again] = WORDS[navigator.language.startsWith("de") ? "de" : "en"];
    const box = document.createElement("div");
    const text = document.createElement("p");
    const button = document.createElement("button");
    box.setAttribute("role", "alert");
    box.style.cssText = "padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; text-align: center";
    text.textContent = sentence;
    button.textContent = again;
    button.style.font = "inherit";
    button.addEventListener("click", () => location.reload());
    box.append(text, button);
    document.documentElement.insertBefore(box, document.body);
  }

  addEventListener(
    "error",
    ({ target }) => {
      const isNeeded =
        target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === "stylesheet");
      if (!isNeeded || !isWhole) return;
      isWhole = false;
      if (isSecond()) tell();
      else location.reload();
    },
    true, // such errors do not bubble
  );
  addEventListener("load", () => {
    try {
      if (isWhole) sessionStorage.removeItem(MARK);
    } catch {
      // nothing is kept
    }
  });
})();
