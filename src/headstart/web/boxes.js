// Boxes on a picture: drawn, and put right with a pointer or with keys.
const drawing = (tag, attributes = {}, ...children) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};
const LEAST_SIDE = 2;

class BoxesOn {
  constructor(figure, boxes, label) {
    this.picture = figure.querySelector("img");
    this.boxes = boxes.map((box) => ({ ...box, corners: [...box.corners] }));
    this.chosen = -1; this.editing = false; this.label = label; this.changed = () => {};
    figure.classList.add("found");
    this.svg = drawing("svg", { preserveAspectRatio: "none" });
    this.ready = new Promise((done) => this.picture.addEventListener("load", () => {
      this.width = this.picture.naturalWidth; this.height = this.picture.naturalHeight;
      this.svg.setAttribute("viewBox", "0 0 " + this.width + " " + this.height);
      figure.append(this.svg); this.draw(); done();
    }));
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel", "keydown"]) this.svg.addEventListener(name, (e) => this[name](e));
    new ResizeObserver(() => this.editing && this.draw()).observe(this.svg);
  }

  edit(changed) {
    this.editing = true; this.changed = changed;
    this.svg.classList.add("editing");
    this.svg.parentElement.style.maxWidth = "calc(75vh * " + this.width / this.height + ")"; // wholly on the screen
    this.choose(this.boxes.length ? 0 : -1);
  }

  choose(i) {
    this.chosen = i;
    if (i >= 0) this.label = this.boxes[i].label;
    this.draw(); this.changed();
  }

  name(label) {
    this.label = label;
    if (this.chosen >= 0) this.boxes[this.chosen].label = label;
    this.draw(); this.changed();
  }

  remove() {
    if (this.chosen < 0) return;
    this.boxes.splice(this.chosen, 1);
    this.choose(Math.min(this.chosen, this.boxes.length - 1));
  }

  draw() {
    const focused = this.svg.contains(document.activeElement);
    this.svg.replaceChildren(...this.boxes.map((box, i) => {
      const [left, top, right, bottom] = box.corners, words = box.label + (box.score === undefined ? "" : " " + percent(box.score));
      const rect = drawing("rect", { x: left, y: top, width: right - left, height: bottom - top, class: tone(box.label) + (this.editing && i === this.chosen ? " chosen" : ""), "data-i": i });
      if (this.editing) { rect.setAttribute("tabindex", "0"); rect.setAttribute("role", "button"); rect.setAttribute("aria-label", words); }
      const title = drawing("title"); title.textContent = words; rect.append(title);
      return rect;
    }));
    if (!this.editing || this.chosen < 0) return;
    const chosen = this.svg.children[this.chosen], [left, top, right, bottom] = this.boxes[this.chosen].corners;
    const r = 7 * this.width / (this.svg.getBoundingClientRect().width || this.width);
    [[left, top], [right, top], [right, bottom], [left, bottom]].forEach(([cx, cy], k) => this.svg.append(drawing("circle", { cx, cy, r, "data-k": k })));
    if (focused) chosen.focus({ preventScroll: true });
  }

  place(e) {
    const area = this.svg.getBoundingClientRect();
    return [Math.min(Math.max((e.clientX - area.left) / area.width, 0), 1) * this.width, Math.min(Math.max((e.clientY - area.top) / area.height, 0), 1) * this.height];
  }

  pointerdown(e) {
    if (!this.editing || e.button) return;
    e.preventDefault();
    const [x, y] = this.place(e), { i, k } = e.target.dataset;
    this.svg.setPointerCapture(e.pointerId);
    if (k !== undefined) {
      const [left, top, right, bottom] = this.boxes[this.chosen].corners;
      this.drag = { fixed: [[right, bottom], [left, bottom], [left, top], [right, top]][k] };
    } else if (i !== undefined) {
      this.choose(Number(i));
      this.drag = { from: [x, y], corners: [...this.boxes[i].corners] };
    } else {
      this.boxes.push({ label: this.label, corners: [x, y, x, y] });
      this.choose(this.boxes.length - 1);
      this.drag = { fixed: [x, y], fresh: true };
    }
  }

  pointermove(e) {
    if (!this.drag) return;
    const [x, y] = this.place(e), box = this.boxes[this.chosen], { fixed, from, corners } = this.drag;
    if (fixed) box.corners = [Math.min(x, fixed[0]), Math.min(y, fixed[1]), Math.max(x, fixed[0]), Math.max(y, fixed[1])];
    else box.corners = this.moved(corners, x - from[0], y - from[1]);
    delete box.score;
    this.draw();
  }

  pointerup() {
    if (!this.drag) return;
    const [left, top, right, bottom] = this.boxes[this.chosen].corners;
    this.drag = null;
    if (right - left < LEAST_SIDE || bottom - top < LEAST_SIDE) this.remove();
    else this.choose(this.chosen);
  }

  pointercancel() { this.pointerup(); }

  moved([left, top, right, bottom], across, down) {
    const x = Math.min(Math.max(across, -left), this.width - right), y = Math.min(Math.max(down, -top), this.height - bottom);
    return [left + x, top + y, right + x, bottom + y];
  }

  keydown(e) {
    if (!this.editing || e.target.dataset.i === undefined) return;
    const i = Number(e.target.dataset.i), step = Math.max(1, this.width / 100);
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[e.key];
    if (way || ["Delete", "Backspace", "Enter", " "].includes(e.key)) e.preventDefault(); else return;
    this.choose(i);
    if (way) { this.boxes[i].corners = this.moved(this.boxes[i].corners, ...way); delete this.boxes[i].score; this.draw(); }
    else if (e.key === "Delete" || e.key === "Backspace") this.remove();
  }
}

function boxCorrection(on, card, fill) {
  const place = made("div", { className: "right" }), news = made("p", { textContent: "Not right?", role: "status" });
  const begin = made("button", { type: "button", className: "button", textContent: "Correct the boxes", disabled: true });
  place.append(news, begin);
  on.ready.then(() => { begin.disabled = false; });
  begin.addEventListener("click", () => {
    const name = made("select", { ariaLabel: "what the chosen box holds" }, ...model.tasks[0].classes.map((one) => made("option", { value: one, textContent: one })));
    const remove = made("button", { type: "button", className: "button", textContent: "Delete the box" });
    const keep = made("button", { type: "button", className: "button first", textContent: "Keep these boxes" });
    name.addEventListener("change", () => on.name(name.value));
    remove.addEventListener("click", () => on.remove());
    keep.addEventListener("click", async () => {
      const form = new FormData();
      fill(form);
      form.append("boxes", JSON.stringify(on.boxes.map(({ label, corners }) => ({ label, corners }))));
      const reply = await sent("/correct", form);
      news.textContent = reply.kept ? "Kept in " + reply.kept + ": thank you." : reply.error || "It could not be kept.";
    });
    news.textContent = "Draw a box where one is missing. Drag a box or its corners, or move it with the arrow keys.";
    begin.replaceWith(made("p", { className: "line" }, name, remove, keep));
    card.classList.add("bare");
    on.edit(() => { name.value = on.label; remove.disabled = on.chosen < 0; });
  });
  return place;
}
