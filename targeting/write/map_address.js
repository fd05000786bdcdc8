"use strict";

// The address keeps what is shown, "#lang=vi&route=20", so that a view can be sent on.
function planAddress(view) {
  const { data } = view;
  let wrote = null; // what this page put there itself

  // A route by its number, or by its name where another route has the same number.
  function keyOf(route) {
    return data.routes.find((each) => each.short === route.short) === route ? route.short : route.name;
  }

  // A page inside another one, such as a notebook, has no address of its own.
  const framed = location.protocol === "about:";

  function write() {
    if (framed) return;
    const parts = new URLSearchParams();
    if (view.shown >= 0) parts.set("lang", data.languages[view.shown].tag);
    if (view.selected) parts.set("route", keyOf(view.selected));
    if (view.unit) parts.set(data.words.unit === "garage" ? "garage" : "family", view.unit.name);
    if (view.venue) parts.set("venue", view.venue.name);
    wrote = parts.toString();
    if (location.hash.slice(1) === wrote) return;
    history.replaceState(null, "", wrote ? `#${wrote}` : location.pathname + location.search);
  }

  // What is not in this plan is ignored.
  function read() {
    const parts = new URLSearchParams(location.hash.slice(1));
    const language = data.languages.find((each) => each.tag === parts.get("lang"));
    const route = parts.has("route") && data.routes.find((each) => keyOf(each) === parts.get("route"));
    const unit = data.units.find((each) => [parts.get("garage"), parts.get("family")].includes(each.name));
    const venue = parts.has("venue") && data.venues.find((each) => each.name === parts.get("venue"));
    view.choose(language ? language.tag : "plan");
    if (route) view.openRoute(route);
    else if (unit) view.openUnit(unit);
    else if (venue) view.openVenue(venue);
  }

  window.addEventListener("hashchange", () => { if (location.hash.slice(1) !== wrote) read(); });
  return { write, read };
}
