"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const models = () => Bokeh.documents.flatMap((each) => each.roots().flatMap((root) => [...root.references()]));
  // A canvas knows no variables of a style sheet, so the colours of axes and words are set here.
  const paint = (isDark) => {
    const ink = isDark ? "#8d96a3" : "#565e69";
    for (const model of models()) {
      if (model.major_label_text_color !== undefined) model.major_label_text_color = ink;
      if (model.grid_line_color) model.grid_line_color = ink;
      if (model.tags.includes("words")) (model.glyph ?? model).text_color = { value: isDark ? "#e4e7eb" : "#1b1f24" };
    }
  };
  // A canvas keeps the width that it has on the screen, so on paper a picture of it stands in its place.
  const print = (isPrinted) => {
    for (const each of document.querySelectorAll(".printed")) each.remove();
    if (!isPrinted) return;
    for (const [root, element] of Object.entries(charts.items[0].roots)) {
      const picture = new Image();
      picture.className = "printed";
      picture.src = Bokeh.index[root].export("png", true).canvas.toDataURL();
      document.getElementById(element).after(picture);
    }
  };
  const cut = (button) => {
    const [begin, end] = [Number(button.dataset.begin), Number(button.dataset.end)];
    for (const model of models()) if (model.name === "time") model.setv({ start: begin, end: end });
    for (const each of document.querySelectorAll(".views button")) each.setAttribute("aria-pressed", each === button);
  };
  // What is drawn has a name and a table, so a keyboard need not stop at its canvas, nor a reader read it.
  const hush = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.tabIndex >= 0) each.tabIndex = -1;
      if (each.shadowRoot) hush(each.shadowRoot);
    }
  };
  Bokeh.embed.embed_items(charts.documents, charts.items).then(() => {
    for (const each of document.querySelectorAll(".chart")) {
      for (const drawn of each.children) drawn.setAttribute("aria-hidden", "true");
      hush(each);
    }
    paint(dark.matches);
    dark.addEventListener("change", () => paint(dark.matches));
    addEventListener("beforeprint", () => print(true));
    addEventListener("afterprint", () => print(false));
    for (const each of document.querySelectorAll(".views button")) each.addEventListener("click", () => cut(each));
    document.documentElement.dataset.drawn = "yes";
  });
})();
