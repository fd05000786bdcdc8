"use strict";

// Stops, by name, with the routes that call there; and venues, each a mark in its languages' colours.
function planStops(view) {
  const { data, map, words, shapes, canvas } = view;
  const { make } = words;
  const { names, name, routes } = data.stops;
  const at = shapes.line(data.stops.at);

  // Both sides of a street, and all bays of a transit centre, are one stop to who looks for it.
  const ids = data.stops.ids.map(String);
  const stops = names.map((each) => ({ name: each, at: [], ids: [], routes: [] }));
  name.forEach((number, stop) => {
    stops[number].at.push(at[stop]);
    stops[number].ids.push(ids[stop]);
    routes[stop].forEach((route) => { if (!stops[number].routes.includes(route)) stops[number].routes.push(route); });
  });

  // One stop by its stop_id, with or without the name of its feed before it; null where none has it.
  const word = (id) => id.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean).join(" ");
  const numbered = new Map(ids.flatMap((id, stop) => [id, id.slice(id.indexOf(":") + 1)].map((each) => [word(each), stop])).reverse());
  const single = new Map();
  function byId(wanted) {
    const stop = numbered.get(wanted);
    if (stop === undefined) return null;
    if (!single.has(stop)) single.set(stop, { name: names[name[stop]], at: [at[stop]], ids: [ids[stop]], routes: routes[stop] });
    return single.get(stop);
  }

  const dots = L.layerGroup();
  function fillDots() {
    if (dots.getLayers().length) return;
    at.forEach((place, stop) => {
      const dot = L.circleMarker(place, { renderer: canvas, radius: 3, weight: 1, color: "#3f4753", fillColor: "#ffffff", fillOpacity: 1 });
      dot.bindTooltip(() => make("span", { class: "name" }, names[name[stop]]), { direction: "top" });
      dot.on("click", (event) => { L.DomEvent.stopPropagation(event); view.openStop(stops[name[stop]], event.latlng); });
      dots.addLayer(dot);
    });
  }

  const marks = L.featureGroup();
  function markStop(stop) {
    marks.clearLayers();
    if (!stop) return;
    stop.at.forEach((place) => {
      marks.addLayer(L.circleMarker(place, { renderer: canvas, radius: 8, weight: 6, color: "#ffffff", fill: false, interactive: false }));
      marks.addLayer(L.circleMarker(place, { renderer: canvas, radius: 8, weight: 3, color: "#1c2430", fillColor: "#ffd84d", fillOpacity: 1, interactive: false }));
    });
    marks.addTo(map);
  }

  const venues = L.layerGroup();
  data.venues.forEach((venue) => {
    venue.sign = words.venueSign(venue);
    venue.marker = L.marker(venue.at, {
      icon: L.divIcon({ className: "venue", html: venue.sign, iconSize: [0, 0] }), title: words.brief(venue.name), riseOnHover: true, keyboard: false,
    });
    venue.marker.on("click", () => view.openVenue(venue, L.latLng(venue.at)));
    venues.addLayer(venue.marker);
  });
  const hangs = (venue) => view.shown < 0 || venue.posters.some((poster) => poster.language === view.shown);

  function restyleVenues() {
    data.venues.forEach((venue) => {
      const away = view.selected || view.stop || view.unit || (view.venue && view.venue !== venue);
      venue.marker.setOpacity(!hangs(venue) ? 0.25 : away ? 0.45 : 1);
      venue.sign.classList.toggle("picked", venue === view.venue);
    });
  }

  return { stops, byId, dots, fillDots, marks, markStop, venues, restyleVenues, hangs };
}
