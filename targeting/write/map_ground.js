"use strict";

// The ground: land, water, county lines and names, names of busy stops, the north arrow, and a base map
// for who asks for one. Nothing here is fetched unless its box is ticked.
function planGround(view) {
  const { data, map, words, shapes, canvas } = view;
  const { make, LAND } = words;
  const COUNTY_NAMES_FROM_ZOOM = 9.5;
  const PLACES_UP_TO_ZOOM = 14;
  const ASIDE = 12; // pixels by which the name of a stop stands above or below it, clear of its street
  const TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png";

  const under = L.layerGroup().addTo(map);
  // where tracts are drawn they are the land
  const land = data.tracts ? [] : shapes.shapes("counties").map((shape) =>
    L.polygon(shapes.polygon(shape), { renderer: canvas, interactive: false, stroke: false, fillColor: LAND, fillOpacity: 1 }));
  const water = (data.water || []).map((part) =>
    L.polygon(part.map(shapes.line), { renderer: canvas, interactive: false, stroke: false, fillColor: "#c9dbe8", fillOpacity: 1 }));
  const borders = data.counties.length > 1 || !data.tracts
    ? [L.polyline(shapes.borders("counties"), { renderer: canvas, interactive: false, color: "#8b95a2", weight: 1.4 })] : [];
  [...land, ...water, ...borders].forEach((each) => under.addLayer(each));

  function label(at, name, kind) {
    return L.marker(at, {
      icon: L.divIcon({ className: kind, html: make("span", {}, name), iconSize: [0, 0] }),
      interactive: false, keyboard: false, zIndexOffset: -1000,
    });
  }
  // a name with the places where it may stand, [where, pixels below], the best first
  const countyNames = data.counties.filter((county) => data.counties.length > 1 && county.spots.length)
    .map((county) => ({ name: label(county.spots[0], county.name, "county").addTo(map), letter: 4.6, spots: county.spots.map((at) => [at, 0]) }));
  const placeNames = data.places.map(([lat, lon, name]) =>
    ({ name: label([lat, lon], shortened(name), "place").addTo(map), letter: 3.4, spots: [-ASIDE, ASIDE].map((aside) => [[lat, lon], aside]) }));

  function shortened(name) {
    return name.length > 34 ? `${name.slice(0, 33)}…` : name;
  }

  // Land and water lie under everything, county lines over the tracts.
  function stack(tracts) {
    borders.forEach((line) => line.bringToBack());
    if (tracts) tracts.bringToBack();
    water.slice().reverse().forEach((area) => (tracts ? area.bringToFront() : area.bringToBack()));
    if (tracts) borders.forEach((line) => line.bringToFront());
    land.forEach((area) => area.bringToBack());
  }

  // Names give way to route numbers, to the boxes over the map, and to names that matter more.
  function placeNamesClear(taken, over) {
    map.getContainer().classList.toggle("far", map.getZoom() < COUNTY_NAMES_FROM_ZOOM);
    const frame = map.getContainer().getBoundingClientRect();
    const signs = view.visible.venues ? data.venues.map((venue) => map.latLngToLayerPoint(venue.at)) : [];
    const boxes = [...taken, ...signs].map((point) => [point.x, point.y, 15, 9]);
    const few = map.getZoom() <= PLACES_UP_TO_ZOOM;
    [...countyNames, ...placeNames].forEach(({ name, letter, spots }) => {
      const text = name.options.icon.options.html;
      const half = 6 + letter * text.textContent.length;
      const spot = spots.find(([at, aside]) => {
        const place = map.latLngToLayerPoint(at);
        const { x, y: middle } = map.latLngToContainerPoint(at);
        const y = middle + aside;
        const covered = boxes.some(([otherX, otherY, wide, high]) =>
          Math.abs(otherX - place.x) < half + wide && Math.abs(otherY - place.y - aside) < 9 + high);
        const cut = x < half || x > frame.width - half || y < 12 || y > frame.height - 12;
        const under = over.some((box) => x + half > box.left - frame.left && x - half < box.right - frame.left &&
          y + 10 > box.top - frame.top && y - 10 < box.bottom - frame.top);
        return !(covered || cut || under);
      });
      const seen = spot !== undefined && (few || letter > 4) && !(letter < 4 && view.tiles);
      name.setOpacity(seen ? 1 : 0);
      if (!seen) return;
      const [at, aside] = spot;
      const place = map.latLngToLayerPoint(at);
      name.setLatLng(at);
      text.style.marginTop = `${aside}px`;
      boxes.push([place.x, place.y + aside, half, 9]);
    });
  }

  const north = L.control({ position: "bottomleft" });
  north.onAdd = () => {
    const arrow = make("div", { class: "north", role: "img", "aria-label": "North is up" });
    arrow.append(words.svg({ width: 22, height: 34, viewBox: "0 0 22 34", "aria-hidden": "true" },
      ["path", { d: "M11 1 L17 17 L11 13.5 L5 17 Z", fill: "#3f4753" }],
      ["path", { d: "M7 32 V22 L15 32 V22", fill: "none", stroke: "#3f4753", "stroke-width": 2 }]));
    return arrow;
  };
  north.addTo(map);

  const home = L.control({ position: "topleft" });
  home.onAdd = () => {
    const button = make("button", { type: "button", class: "home", title: "Show the whole network" }, "Whole network");
    L.DomEvent.disableClickPropagation(button);
    button.addEventListener("click", () => view.fit(data.network));
    return button;
  };
  home.addTo(map);

  // --- the base map: the only thing that ever asks a server, and only when ticked -------------------

  let tiles = null;
  const credit = L.control.attribution({ prefix: false, position: "bottomleft" });

  function baseMap(wanted) {
    view.tiles = wanted;
    if (wanted) {
      tiles = tiles || L.tileLayer(TILES, {
        maxZoom: 19, attribution: '© <a href="https://www.openstreetmap.org/copyright" target="_blank" rel="noopener">OpenStreetMap contributors</a>',
      });
      credit.addTo(map);
      tiles.addTo(map);
    } else if (tiles) {
      tiles.remove();
      credit.remove();
    }
    land.forEach((area) => area.setStyle({ fillOpacity: wanted ? 0 : 1 }));
    water.forEach((area) => area.setStyle({ fillOpacity: wanted ? 0 : 1 }));
  }

  return { stack, placeNamesClear, baseMap };
}
