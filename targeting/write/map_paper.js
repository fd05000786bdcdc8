"use strict";

// On paper: one landscape page, drawn anew at its size before the browser prints, and as it was after. What a
// card says stands below the map, and the table of placements, where it is open, on pages of its own.
function planPaper(view) {
  const { data, map, canvas, legend } = view;
  let screen = null; // how things stood before printing

  // Where what is open is; else all routes with posters.
  function openBounds() {
    const { selected, unit, venue, stop } = view;
    const routes = selected ? [selected] : unit ? unit.routes.map((at) => data.routes[at]) : [];
    const bounds = L.latLngBounds(venue ? [venue.at] : stop ? stop.at : []);
    routes.forEach((route) => bounds.extend(route.line.getBounds()));
    return bounds.isValid() ? bounds : data.bounds;
  }

  function toPaper() {
    if (screen) return;
    screen = { seen: view.seen(), legend: legend.box.open };
    document.documentElement.classList.add("paper");
    document.getElementById("printed").textContent = `Printed ${new Date().toLocaleDateString("en-US", { year: "numeric", month: "long", day: "numeric" })}.`;
    legend.box.open = true;
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(openBounds(), { animate: false, padding: [14, 14], maxZoom: 14 });
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
