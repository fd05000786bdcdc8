"use strict";

// Shapes as the page holds them, made into points: TopoJSON arcs and lines in steps of 1e-5 degrees.
function planShapes(topology) {
  const STEPS = 1e5;

  // A line: its first point, then the steps to each next one.
  function line(steps) {
    let [lat, lon] = [0, 0];
    return Array.from({ length: steps.length / 2 }, (_, at) => [(lat += steps[2 * at]) / STEPS, (lon += steps[2 * at + 1]) / STEPS]);
  }

  const arcs = topology.arcs.map((arc) => line(arc.flatMap(([lon, lat]) => [lat, lon])));
  const forwards = (at) => (at < 0 ? ~at : at);
  const arc = (at) => (at < 0 ? arcs[~at].slice().reverse() : arcs[at]);
  const ring = (numbers) => numbers.flatMap((at) => arc(at).slice(1));

  const shapes = (name) => topology.objects[name].geometries;
  const polygon = (shape) => shape.arcs.map((part) => part.map(ring));

  // The lines around the shapes wanted: arcs that lie between one of them and none of them.
  function around(name, wanted) {
    const sides = new Map();
    shapes(name).forEach((shape, at) => {
      if (wanted(at)) shape.arcs.flat(2).map(forwards).forEach((each) => sides.set(each, !sides.get(each)));
    });
    return [...sides].filter(([, odd]) => odd).map(([each]) => arcs[each]);
  }

  // All borders, each once.
  const borders = (name) => [...new Set(shapes(name).flatMap((shape) => shape.arcs.flat(2).map(forwards)))].map((each) => arcs[each]);

  return { line, shapes, polygon, around, borders };
}
