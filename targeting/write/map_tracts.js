"use strict";

// The tracts: one layer, restyled for each language; their hot spots; their part of the legend.
function planTracts(view) {
  const { data, map, words, shapes, canvas } = view;
  const { LAND, make, english, key, patch, tint } = words;
  const HOT = "#1c2430";
  if (!data.tracts) return { restyle() {}, keys: () => [], hotKeys: () => [], layer: null, hot: L.featureGroup() };

  const columns = data.tracts;
  const rows = columns.name.map((name, at) => Object.fromEntries(
    Object.keys(columns).map((column) => [column, column === "county" ? data.counties[columns.county[at]].name : columns[column][at]])));

  function hatch(ground, color, width) {
    const tile = make("canvas", { width: 8, height: 8 });
    const pen = tile.getContext("2d");
    pen.fillStyle = ground;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = color;
    pen.lineWidth = width;
    [-8, 0, 8].forEach((from) => { pen.moveTo(from - 2, 10); pen.lineTo(from + 10, -2); });
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  }

  // Where nobody lives: stripes, which no shade of any class looks like.
  const stripes = hatch(LAND, "#a9b0b9", 1);
  // Where a language leads within the margin of error: its tint in bands.
  const hatched = data.groups.map((group) => hatch(LAND, tint(group.color), 2.8));
  // A figure of low reliability: its shade with fine lines, made when it is first needed.
  const unsure = new Map();
  const FINE = "rgba(255, 255, 255, 0.85)";
  function unsureShade(color) {
    if (!unsure.has(color)) unsure.set(color, hatch(color, FINE, 1.1));
    return unsure.get(color);
  }

  function style(tract) {
    const look = { color: "#c3cad3", weight: 0.7, opacity: 1, fillColor: LAND, fillOpacity: 1 };
    if (tract.residents[0] === 0) look.fillColor = stripes;
    else if (view.shown < 0 && tract.most >= 0) look.fillColor = words.close(tract) ? hatched[tract.most] : tint(data.groups[tract.most].color);
    else if (view.shown >= 0 && tract.classes[view.shown]) {
      const shade = data.languages[view.shown].ramp[tract.classes[view.shown] - 1];
      look.fillColor = tract.reliability[view.shown] === "l" ? unsureShade(shade) : shade;
      look.color = "#ffffff";
    }
    if (view.tiles) look.fillOpacity = look.fillColor === LAND ? 0 : 0.55;
    return tract === view.picked ? { ...look, color: "#1c2430", weight: 3 } : look;
  }

  const layer = L.featureGroup(shapes.shapes("tracts").map((shape, at) => {
    const area = L.polygon(shapes.polygon(shape), { renderer: canvas, ...style(rows[at]) });
    area.feature = { properties: rows[at] };
    area.on("click", (event) => view.openTract(rows[at], area, event.latlng));
    return area;
  }));

  function restyle() {
    layer.eachLayer((area) => area.setStyle(style(area.feature.properties)));
  }

  // Whether a line from the point to the east crosses the rings of an area an odd number of times.
  const holds = (area, { lat, lng }) => area.getLatLngs().flat().reduce((odd, ring) => ring.reduce((inside, here, at) => {
    const next = ring[(at + 1) % ring.length];
    const crosses = (here.lat > lat) !== (next.lat > lat) && lng < here.lng + ((next.lng - here.lng) * (lat - here.lat)) / (next.lat - here.lat);
    return crosses ? !inside : inside;
  }, odd), false);
  const at = (latlng) => layer.getLayers().find((area) => area.getBounds().contains(latlng) && holds(area, latlng));

  // Outlines of the hot spots of the language shown, under the routes.
  const hot = L.featureGroup();
  const isHot = (tract) => tract.hot.includes(data.languages[view.shown].group);

  function fillHotSpots() {
    hot.clearLayers();
    if (view.shown < 0) return;
    const lines = shapes.around("tracts", (at) => isHot(rows[at]));
    [["#ffffff", 5], [HOT, 2.2]].forEach(([color, weight]) =>
      hot.addLayer(L.polyline(lines, { renderer: canvas, interactive: false, color, weight, hotSpot: color === HOT })));
  }

  const hatchedPatch = (color) => patch(`repeating-linear-gradient(135deg, ${tint(color)} 0 3px, ${LAND} 3px 6px)`, "hatched");
  const unsurePatch = (color) => patch(`repeating-linear-gradient(135deg, ${color} 0 4px, ${FINE} 4px 5.2px)`, "hatched");

  function keys() {
    const empty = rows.some((tract) => tract.residents[0] === 0) ? [key(patch("", "empty"), "no residents")] : [];
    const beyond = key(patch("", "beyond"), "outside the census data");
    if (view.shown < 0) {
      const close = rows.find(words.close);
      const found = new Set(rows.map((tract) => tract.most));
      return [
        make("p", {}, "Tinted where a campaign language predominates"),
        ...data.groups.filter((group, at) => found.has(at)).map((group) => key(patch(tint(group.color)), group.name)),
        ...(close ? [key(hatchedPatch(data.groups[close.most].color), "hatched: the lead is within the margin of error")] : []),
        key(patch(LAND), "none"), ...empty, beyond,
        make("p", {}, data.words.predominates),
      ];
    }
    const { breaks, ramp, measuredAs } = data.languages[view.shown];
    const number = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 2 });
    const range = (at) =>
      at === breaks.length ? (at ? `over ${number(breaks[at - 1])}` : "some")
        : at ? `${number(breaks[at - 1])} – ${number(breaks[at])}` : `up to ${number(breaks[0])}`;
    const some = rows.filter((tract) => tract.classes[view.shown]);
    const low = some.some((tract) => tract.reliability[view.shown] === "l");
    return [
      make("p", {}, `${english(view.shown)}: ${data.words.people} per square mile of tract`),
      ...(measuredAs === english(view.shown) ? [] : [make("p", {}, `Counted as: ${measuredAs}`)]),
      ...(some.length ? ramp.map((color, at) => key(patch(color), range(at))).reverse() : []),
      ...(low ? [key(unsurePatch(ramp[Math.min(2, ramp.length - 1)]), "fine lines: low reliability, may well be zero")] : []),
      key(patch(LAND), "none found by the survey"), ...empty, beyond,
      make("p", {}, "Shades are relative to this language."),
    ];
  }

  function hotKeys() {
    if (view.shown < 0) return [];
    return rows.some(isHot)
      ? [key(words.lineSample(HOT, "", 2.2), `where ${english(view.shown)} concentrates`)]
      : [make("p", {}, "none of this language")];
  }

  return { restyle, keys, hotKeys, layer, hot, fillHotSpots, at };
}
