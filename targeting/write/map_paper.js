"use strict";

// On paper: one landscape page, drawn anew at its size before the browser prints, and as it was after.
function planPaper(view) {
  const { data, map, canvas, legend } = view;
  let screen = null; // how things stood before printing

  function toPaper() {
    if (screen) return;
    screen = { seen: view.seen(), legend: legend.box.open };
    document.documentElement.classList.add("paper");
    document.getElementById("printed").textContent = `Printed ${new Date().toLocaleDateString("en-US", { year: "numeric", month: "long", day: "numeric" })}.`;
    legend.box.open = true;
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(view.selected ? view.selected.line.getBounds() : data.bounds, { animate: false, padding: [14, 14], maxZoom: 14 });
    view.stack();
    canvas._redrawBounds = null;
    canvas._redraw(); // now: no frame is drawn between here and the print
  }

  function toScreen() {
    if (!screen) return;
    document.documentElement.classList.remove("paper");
    legend.box.open = screen.legend;
    map.invalidateSize({ animate: false, pan: false });
    map.setView(screen.seen.center, screen.seen.zoom, { animate: false });
    screen = null;
  }

  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", toScreen);
}
