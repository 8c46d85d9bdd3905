// Chooses provinces, cities and districts. What is chosen whole names no parts; what another rule
// names can't be chosen.

const PREFIX = { province: 2, city: 4, district: 6 };

/** Region codes of 2, 4 or 6 digits, null where it was given up. */
export function pick({ areas, chosen, taken, word, el }) {
  const marked = new Set(chosen);
  const boxes = new Map();
  const prefix = (area) => area.code.slice(0, PREFIX[area.level]);
  const above = (code) => [2, 4].filter((n) => n < code.length).map((n) => code.slice(0, n));

  function refresh() {
    for (const [code, box] of boxes) {
      const whole = above(code).some((upper) => marked.has(upper));
      box.checked = whole || marked.has(code);
      box.indeterminate = !box.checked && [...marked].some((x) => x !== code && x.startsWith(code));
      box.disabled = whole || taken.has(code);
    }
  }

  function mark(code, on) {
    if (on) {
      for (const part of [...marked]) if (part !== code && part.startsWith(code)) marked.delete(part);
      marked.add(code);
    } else marked.delete(code);
    refresh();
  }

  function node(area) {
    const code = prefix(area);
    const box = el("input", { type: "checkbox", onchange: () => mark(code, box.checked) });
    boxes.set(code, box);
    const name = taken.has(code) ? `${area.name} (${word("taken")})` : area.name;
    const label = el("label", { class: taken.has(code) ? "is-taken" : "" }, box, name);
    if (!area.children.length) return el("div", { class: "ship-leaf" }, label);
    const below = el("div", { class: "ship-children" });
    const more = el("details", {}, el("summary", {}, label), below);
    // Three thousand boxes at once would be slow: a level is made when it is opened.
    more.addEventListener("toggle", () => {
      if (!more.open || below.childElementCount) return;
      below.append(...area.children.map(node));
      refresh();
    });
    return more;
  }

  return new Promise((resolve) => {
    const close = (found) => {
      dialog.close();
      dialog.remove();
      resolve(found);
    };
    const dialog = el(
      "dialog", { class: "ship-picker", "aria-label": word("choose"), oncancel: () => close(null) },
      el("h2", { class: "bo-section" }, word("choose")),
      el("div", { class: "ship-tree" }, ...areas.map(node)),
      el(
        "div", { class: "ship-foot" },
        el("button", { type: "button", class: "ship-button", onclick: () => close(null) }, word("cancel")),
        el("button", {
          type: "button", class: "ship-button is-main", onclick: () => close([...marked].sort()),
        }, word("done")),
      ),
    );
    document.body.append(dialog);
    refresh();
    dialog.showModal();
  });
}
