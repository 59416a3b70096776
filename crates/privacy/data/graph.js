"use strict";
(() => {
  const { size, colours, headings, nodes, edges } = JSON.parse(document.getElementById("d").textContent);
  const $ = (id) => document.getElementById(id);
  const canvas = $("c"), paper = canvas.getContext("2d"), items = nodes.map((_, n) => $("n" + n));
  const words = items.map((item) => item.textContent.toLowerCase());
  const near = nodes.map(() => []);
  edges.forEach(([from, to], n) => { near[from].push(n); if (to !== from) near[to].push(n); });
  let scale = 1, left = 0, top = 0, here = -1, hits = null, waiting = false;

  const draw = () => {
    waiting = false;
    const started = performance.now(), ratio = devicePixelRatio || 1, wide = canvas.clientWidth, high = canvas.clientHeight;
    if (canvas.width !== Math.round(wide * ratio) || canvas.height !== Math.round(high * ratio)) {
      canvas.width = Math.round(wide * ratio);
      canvas.height = Math.round(high * ratio);
    }
    paper.setTransform(ratio, 0, 0, ratio, 0, 0);
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, wide, high);
    paper.setTransform(scale * ratio, 0, 0, scale * ratio, -left * scale * ratio, -top * scale * ratio);
    const seen = { x: left, y: top, right: left + wide / scale, bottom: top + high / scale };
    const focus = here >= 0 ? new Set(near[here]) : null;
    // Far away, thousands of lines only say where they are dense: one faint stroke for all of them.
    if (scale > 0.12 || edges.length < 3000) edges.forEach((edge, n) => { if (!focus || !focus.has(n)) line(edge, seen, false); });
    else haze();
    nodes.forEach((node, n) => box(node, n, seen));
    if (focus) focus.forEach((n) => line(edges[n], seen, true));
    paper.fillStyle = "#111";
    paper.font = "600 " + Math.max(17, 13 / scale) + "px system-ui, sans-serif";
    let free = -Infinity, row = null;
    headings.forEach(([text, x, y]) => {
      if (y !== row) { row = y; free = -Infinity; }
      // Small drawings have large words: the last ones move to the left, so that they end where the drawing does.
      const width = paper.measureText(text).width, from = Math.max(0, Math.min(x, size[0] - width));
      if (from < free) return;
      paper.fillText(text, from, y);
      free = from + width + 12 / scale;
    });
    canvas.dataset.ms = (performance.now() - started).toFixed(1);
  };
  const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };

  const line = ([from, to, declared], seen, strong) => {
    const a = nodes[from], b = nodes[to];
    const ay = a[1] + a[3] / 2, by = b[1] + b[3] / 2, same = a[0] === b[0];
    const start = same || a[0] < b[0] ? a[0] + a[2] : a[0], end = same ? start : a[0] < b[0] ? b[0] : b[0] + b[2];
    if (Math.max(start, end) + 40 < seen.x || Math.min(start, end) > seen.right || Math.max(ay, by) < seen.y || Math.min(ay, by) > seen.bottom) return;
    const half = same ? start + 40 : (start + end) / 2, loop = from === to ? 10 : 0;
    paper.strokeStyle = strong ? "#0b3d91" : here >= 0 || hits ? "#e4e7eb" : "#6a717b";
    paper.lineWidth = (strong ? 2.6 : 1.3) / Math.min(1, Math.max(scale, 0.25));
    paper.setLineDash(declared ? [] : [6, 4]);
    paper.beginPath();
    paper.moveTo(start, ay - loop);
    if (scale < 0.12 && !strong) paper.lineTo(end, by); else paper.bezierCurveTo(half, ay - loop, half, by + loop, end, by + loop);
    paper.stroke();
    paper.setLineDash([]);
    if (scale < 0.2 && !strong) return;
    const away = same || start > end ? 1 : -1;
    paper.fillStyle = paper.strokeStyle;
    paper.beginPath();
    paper.moveTo(end, by + loop);
    paper.lineTo(end + away * 9, by + loop - 4.5);
    paper.lineTo(end + away * 9, by + loop + 4.5);
    paper.fill();
  };

  const haze = () => {
    paper.strokeStyle = "rgba(74, 80, 88, 0.1)";
    paper.lineWidth = 1 / scale;
    paper.beginPath();
    edges.forEach(([from, to]) => {
      paper.moveTo(nodes[from][0] + nodes[from][2] / 2, nodes[from][1] + nodes[from][3] / 2);
      paper.lineTo(nodes[to][0] + nodes[to][2] / 2, nodes[to][1] + nodes[to][3] / 2);
    });
    paper.stroke();
  };

  const box = ([x, y, wide, high, kind, lost, name, under, lines], n, seen) => {
    if (x + wide < seen.x || x > seen.right || y + high < seen.y || y > seen.bottom) return;
    const [fill, border] = colours[kind], dim = hits && !hits.has(n), isLost = lost && kind > 0;
    paper.fillStyle = dim ? "#fff" : fill;
    paper.strokeStyle = n === here ? "#0b3d91" : dim ? "#c3c8cf" : isLost ? "#8a0f24" : border;
    paper.lineWidth = (n === here ? 5 : isLost ? 2.5 : 1.5) / Math.min(1, Math.max(scale, 0.2));
    if (scale < 0.2) { paper.fillRect(x, y, wide, high); paper.strokeRect(x, y, wide, high); return; }
    if (isLost) paper.setLineDash([7, 4]);
    paper.beginPath();
    paper.roundRect(x, y, wide, high, 7);
    paper.fill();
    paper.stroke();
    paper.setLineDash([]);
    paper.save();
    paper.beginPath();
    paper.rect(x, y, wide - 8, high);
    paper.clip();
    paper.fillStyle = dim ? "#595f69" : "#111";
    paper.font = "600 15px system-ui, sans-serif";
    paper.fillText(name, x + 12, y + 21);
    if (scale > 0.35) {
      paper.fillStyle = dim ? "#595f69" : "#2b2f36";
      paper.font = "12px system-ui, sans-serif";
      paper.fillText(under, x + 12, y + 38);
      paper.fillStyle = dim ? "#595f69" : "#111";
      paper.font = "12.5px system-ui, sans-serif";
      lines.forEach((text, at) => paper.fillText(text, x + 12, y + 56 + 18 * at));
    }
    paper.restore();
  };

  const zoom = (by, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) => {
    const next = Math.min(3, Math.max(0.01, scale * by));
    left += x / scale - x / next;
    top += y / scale - y / next;
    scale = next;
    soon();
  };
  const fit = () => {
    scale = Math.min(1.2, (canvas.clientWidth || 1) / size[0], (canvas.clientHeight || 1) / size[1]);
    left = (size[0] - canvas.clientWidth / scale) / 2;
    top = Math.max((size[1] - canvas.clientHeight / scale) / 2, -24 / scale);
    soon();
  };
  // The whole list is never scrolled or filtered: with ten thousand entries each of that is laid out anew, for seconds.
  const copy = (n) => {
    const item = items[n].cloneNode(true);
    item.removeAttribute("id");
    item.addEventListener("click", (event) => { if (!event.target.closest("a")) choose(n, true); });
    return item;
  };
  const choose = (n, move) => {
    here = n;
    $("chosen").replaceChildren(...(n >= 0 ? [copy(n)] : []));
    if (n >= 0) {
      document.querySelector("aside").scrollTop = 0;
      if (move) {
        const [x, y, wide, high] = nodes[n];
        scale = Math.max(scale, 0.7);
        left = x + wide / 2 - canvas.clientWidth / scale / 2;
        top = y + high / 2 - canvas.clientHeight / scale / 2;
      }
    }
    soon();
  };
  const at = (event) => {
    const bounds = canvas.getBoundingClientRect(), x = (event.clientX - bounds.left) / scale + left, y = (event.clientY - bounds.top) / scale + top;
    return nodes.findIndex(([nx, ny, wide, high]) => x >= nx && x <= nx + wide && y >= ny && y <= ny + high);
  };
  const FOUND_MAX = 200;
  const search = () => {
    const wanted = $("q").value.trim().toLowerCase();
    hits = wanted ? new Set(words.flatMap((text, n) => (text.includes(wanted) ? [n] : []))) : null;
    const named = (n) => nodes[n][6].toLowerCase().includes(wanted);
    const found = hits ? [...hits].sort((a, b) => named(b) - named(a) || a - b) : [];
    $("found").replaceChildren(...found.slice(0, FOUND_MAX).map(copy));
    $("more").textContent = found.length > FOUND_MAX ? found.length - FOUND_MAX + " more: search more closely." : "";
    $("lists").hidden = hits !== null;
    $("none").hidden = hits === null || found.length > 0;
    $("hits").textContent = hits ? found.length + (found.length === 1 ? " hit" : " hits") : "";
    choose(found.length ? found[0] : -1, true);
  };
  let typing = 0;
  const typed = () => { clearTimeout(typing); typing = setTimeout(search, words.length > 2000 ? 150 : 0); };

  let drag = null;
  const fingers = new Map();
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event);
    drag = { x: event.clientX, y: event.clientY, moved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    const before = fingers.get(event.pointerId), bounds = canvas.getBoundingClientRect();
    if (fingers.size === 2) {
      const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
      const far = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      zoom(far(event) / far(before), other.clientX - bounds.left, other.clientY - bounds.top);
      drag.moved = true;
    } else {
      left -= (event.clientX - before.clientX) / scale;
      top -= (event.clientY - before.clientY) / scale;
      if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4) { drag.moved = true; canvas.classList.add("drag"); }
      soon();
    }
    fingers.set(event.pointerId, event);
  });
  const release = (event) => {
    fingers.delete(event.pointerId);
    canvas.classList.remove("drag");
    if (event.type === "pointerup" && drag && !drag.moved) choose(at(event), false);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.offsetX, event.offsetY);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = 80 / scale;
    const act = { ArrowLeft: () => { left -= step; }, ArrowRight: () => { left += step; }, ArrowUp: () => { top -= step; },
      ArrowDown: () => { top += step; }, "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": fit, Escape: () => choose(-1) }[event.key];
    if (act) { act(); event.preventDefault(); soon(); }
  });
  items.forEach((item, n) => item.addEventListener("click", (event) => { if (!event.target.closest("a")) choose(n, true); }));
  addEventListener("hashchange", () => { if (/^#n\d+$/.test(location.hash)) choose(Number(location.hash.slice(2)), true); });
  $("q").addEventListener("input", typed);
  $("q").addEventListener("search", search);
  $("in").addEventListener("click", () => zoom(1.25));
  $("out").addEventListener("click", () => zoom(0.8));
  $("fit").addEventListener("click", fit);
  new ResizeObserver(soon).observe(canvas);
  fit();
  if (/^#n\d+$/.test(location.hash)) choose(Number(location.hash.slice(2)), true);
  if (/^#q=/.test(location.hash)) { $("q").value = decodeURIComponent(location.hash.slice(3)); search(); }
})();
