"use strict";

// The search: the exact number or name, then numbers that begin so, then whole words (in the order wanted
// first) and beginnings of words; pieces within words only where nothing else fits. Routes in the plan's
// order, busy stops before others. Words that people put before a number or between streets are forgiven.
function planSearch(data, stops) {
  const STOPS = 8;
  const SAME = {
    highway: "hwy", street: "st", avenue: "ave", av: "ave", boulevard: "blvd", road: "rd", drive: "dr", court: "ct", place: "pl", lane: "ln",
    parkway: "pkwy", north: "n", south: "s", east: "e", west: "w", northeast: "ne", northwest: "nw", southeast: "se", southwest: "sw", centre: "center",
  };
  const BETWEEN = ["and", "at"]; // "&" and "@" are no words at all
  const STOP_WORDS = ["stop", "stops", "id"];
  const ROUTE_WORDS = ["line", "lines", "route", "routes", "bus", "buses", "no", "number"];
  const OF_STREETS = ["n", "s", "e", "w", "ne", "nw", "se", "sw", "st", "ave", "blvd", "rd", "dr", "ct", "pl", "ln", "pkwy", "hwy"];
  const PIECE = 5; // closeness of a piece within a word

  const plain = (text) => text.trim().toLowerCase();
  const same = (word) => (Object.hasOwn(SAME, word) ? SAME[word] : word);
  const split = (text) => plain(text).replace(/\btc\b/g, "transit center").split(/[^\p{L}\p{N}]+/u).filter((word) => word && !BETWEEN.includes(word));
  const unless = (parts, words) => parts.filter((part) => !words.includes(same(part)));
  const orAll = (some, all) => (some.length ? some : all);
  const phrase = (parts) => ` ${parts.map(same).join(" ")} `;
  const named = (thing) => ({ thing, full: plain(thing.name), words: split(thing.name), short: plain(thing.short || "") });
  const [routes, units, leftOut, calledAt] = [data.routes, data.words.unit === "route" ? [] : data.units, data.leftOut, stops.stops].map((things) => things.map(named));

  // What is wanted, in words, is there as words, or as beginnings of them.
  const within = (wanted, there, match) => wanted.length > 0 && wanted.every((part) => there.some((word) => match(word, part) || match(same(word), same(part))));

  function closeness(parts, { words, short }) {
    const [wanted, whole] = [parts, words].map(phrase);
    if (parts.length && (short === parts.join(" ") || wanted === whole)) return 0;
    if (parts.length && short.startsWith(parts.join(" "))) return 1;
    if (parts.length && whole.includes(wanted)) return 2;
    if (within(parts, words, (word, part) => word === part)) return 3;
    if (within(parts, words, (word, part) => word.startsWith(part))) return 4;
    return Infinity;
  }

  // [how close, thing], best first: those as close by `weigh`, and then as they stand.
  function nearest(measure, things, weigh = () => []) {
    const order = (a, b) => {
      const at = a.findIndex((number, place) => number !== b[place]);
      return at < 0 ? 0 : a[at] - b[at];
    };
    return things.map((each, at) => [[measure(each), ...weigh(each.thing), at], each.thing])
      .filter(([[close]]) => close < Infinity).sort(([a], [b]) => order(a, b)).map(([[close], thing]) => [close, thing]);
  }

  const busiest = (stop) => [-stop.routes.length, -stop.routes.reduce((trips, at) => trips + data.routes[at].trips, 0)];

  // A number alone means a route: half the stops of a city have one in their street's name.
  const spelled = (parts) => /\p{L}.*\p{L}/u.test(parts.join(" "));

  // As it was typed; without the words about it; then without what streets are called besides their names;
  // then as a piece of a word: the first that finds anything.
  function found(text) {
    const typed = split(text);
    const bare = orAll(unless(typed, [...ROUTE_WORDS, ...STOP_WORDS]), typed);
    const loose = orAll(unless(bare, OF_STREETS), bare);
    const whole = (each) => Math.min(closeness(typed, each), closeness(bare, each));
    const piece = (each) => (each.full.includes(plain(text)) ? PIECE : Infinity);
    const tries = [whole, ...(loose.length < bare.length ? [(each) => closeness(loose, each)] : []), piece];
    const kinds = (measure) => ({
      routes: nearest(measure, routes), units: nearest(measure, units), out: nearest(measure, leftOut),
      stops: spelled(bare) ? nearest(measure, calledAt, busiest) : [],
    });
    const numbered = !typed.some((word) => ROUTE_WORDS.includes(word)) && stops.byId(bare.join(" "));
    const some = (hits) => Object.values(hits).some((list) => list.length);
    const hits = tries.reduce((best, measure) => (some(best) || (numbered && measure === piece) ? best : kinds(measure)), kinds(() => Infinity));
    if (numbered) hits.stops.unshift([0, numbered]);
    const ofStop = hits.stops.length && typed.some((word) => STOP_WORDS.includes(word));
    return ofStop ? { ...hits, routes: [], units: [], out: [] } : hits;
  }

  // Routes that run and units, best first, as `lines`; stops; what to say of routes that this plan leaves out; and
  // what to open at once: nothing where such a route is meant rather than anything that is there.
  return function search(text) {
    const hits = found(text);
    const best = (list) => (list.length ? list[0][0] : Infinity);
    const out = hits.out.filter(([close]) => close <= Math.min(best(hits.routes), best(hits.units)));
    const said = out.slice(0, 3).map(([, route]) => {
      const article = /^[aeiou]/.test(route.mode) ? "an" : "a";
      return `${route.name} is ${article} ${route.mode} route; ` +
        (route.counted ? "it does not run in the design week." : `this campaign uses ${data.words.modes} routes only.`);
    });
    if (out.length > 3) said.push(`${out.length - 3} more routes of that name are left out.`);
    const first = ["routes", "units", "stops"].map((kind) => hits[kind]).filter((list) => list.length)
      .reduce((nearer, list) => (best(list) < best(nearer) ? list : nearer), []);
    const missed = !first.length;
    if (missed && !out.length) said.push(`Nothing found for “${text.trim()}”. No route of that name runs in the design week, and no stop has that name or ID.`);
    if (hits.stops.length > STOPS) said.push(`${hits.stops.length - STOPS} more stops have such a name; type more of it.`);
    const meant = best(out) <= Math.min(best(hits.stops), best(first)) && best(out) < best(hits.routes);
    return {
      lines: [hits.routes, hits.units].sort((a, b) => best(a) - best(b)).flat().map(([, each]) => each),
      stops: hits.stops.slice(0, STOPS).map(([, stop]) => stop),
      first: missed || meant ? null : first[0][1], note: said.join(" "), plainly: missed || meant,
    };
  };
}
