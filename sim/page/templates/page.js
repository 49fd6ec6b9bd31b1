"use strict";
(() => {
  const SHEET_PX = 660;
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const models = () => Bokeh.documents.flatMap((each) => each.roots().flatMap((root) => [...root.references()]));
  // A canvas knows no variables of a style sheet, so the colours of axes and words are set here.
  const paint = (isDark) => {
    const ink = isDark ? "#a3abb6" : "#565e69";
    for (const model of models()) {
      if (model.major_label_text_color !== undefined) model.major_label_text_color = ink;
      if (model.grid_line_color) model.grid_line_color = ink;
      if (model.tags.includes("words")) (model.glyph ?? model).text_color = { value: isDark ? "#e4e7eb" : "#1b1f24" };
    }
  };
  // A canvas keeps the width that it has on the screen, which may be more than a sheet of A4 has between its margins.
  const shrink = (printed) => {
    for (const each of document.querySelectorAll(".chart")) {
      const [width, height] = [each.clientWidth, each.clientHeight];
      const share = Math.min(1, SHEET_PX / width);
      each.style.width = printed ? `${width}px` : "";
      each.style.transform = printed ? `scale(${share})` : "";
      each.style.marginBottom = printed ? `${(share - 1) * height}px` : "";
    }
  };
  const cut = (button) => {
    const [begin, end] = [Number(button.dataset.begin), Number(button.dataset.end)];
    for (const model of models()) if (model.name === "time") model.setv({ start: begin, end: end });
    for (const each of document.querySelectorAll(".views button")) each.setAttribute("aria-pressed", each === button);
  };
  Bokeh.set_log_level("warn");
  Bokeh.embed.embed_items(charts.documents, charts.items).then(() => {
  const SHEET_PX = 660;
    paint(dark.matches);
    dark.addEventListener("change", () => paint(dark.matches));
    addEventListener("beforeprint", () => { paint(false); shrink(true); });
    addEventListener("afterprint", () => { paint(dark.matches); shrink(false); });
    for (const each of document.querySelectorAll(".views button")) each.addEventListener("click", () => cut(each));
    document.documentElement.dataset.drawn = "yes";
  });
})();
