// Whatever comes from people or from the model is put in as text, never as markup.
const at = (id) => document.getElementById(id);
const made = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};
const percent = (share) => (100 * share).toFixed(1) + "%";
const number = (value) => (Array.isArray(value) ? value : [value]).map((v) => Number(v.toPrecision(6))).join(", ");
let model = null, waiting = 0;

async function begin() {
  model = await (await fetch("/model")).json();
  const { takes, limits } = model;
  document.title = "headstart: " + model.name;
  at("about").textContent = "a model for " + takes.many + ", learned from " + model.name;
  at("what").textContent = takes.values ? "A row to be answered" : takes.typed ? "A text to be answered"
    : "Which " + takes.many + " shall it look at?".replace("look at", model.input_type === "audio" ? "hear" : "look at");
  at("explains").hidden = !model.explains;
  if (takes.values) {
    at("cells").hidden = at("send").hidden = false;
    model.columns.forEach(addCell);
  } else {
    at("drop").hidden = false;
    at("files").accept = model.accept.join(",");
    at("choose").firstElementChild.textContent = "Choose " + (takes.typed ? "text files" : takes.many);
    const most = Math.round(limits.body_bytes / 2 ** 20) + " MiB, at most " + limits.inputs + " at a time";
    at("hint").textContent = "or drop them here; together at most " + most + ".";
    at("shoot").hidden = model.input_type !== "image" || !matchMedia("(pointer: coarse)").matches;
    at("record").hidden = model.input_type !== "audio" || !(navigator.mediaDevices && window.MediaRecorder);
    if (takes.typed) at("typed").hidden = at("send").hidden = false;
  }
  for (const id of ["files", "camera"]) at(id).addEventListener("change", (e) => { sendFiles(e.target.files); e.target.value = ""; });
  const drop = at("drop"), over = (on) => (e) => { e.preventDefault(); drop.classList.toggle("over", on); };
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, over(true));
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, over(false));
  drop.addEventListener("drop", (e) => sendFiles(e.dataTransfer.files));
  at("record").addEventListener("click", record);
  at("ask").addEventListener("submit", (e) => { e.preventDefault(); takes.values ? sendRow() : sendText(); });
}

function addCell(column) {
  let field;
  if (column.holds === "file") field = made("input", { type: "file", accept: column.accept.join(",") });
  else if (column.options.length) {
    field = made("select", {}, made("option", { value: "", textContent: "unknown" }));
    column.options.forEach((one) => field.append(made("option", { value: one, textContent: one })));
  } else field = made("input", { type: "text", inputMode: column.holds === "number" ? "decimal" : "text", autocomplete: "off" });
  field.name = column.name;
  at("cells").append(made("label", {}, made("span", { textContent: column.name }), field));
}

function sendFiles(files) {
  for (const file of files) {
    ask((form) => form.append("file", file, file.name), () => shownFile(file));
  }
}

function sendText() {
  const text = at("text").value;
  if (text.trim()) ask((form) => form.append("text", text), () => made("blockquote", { textContent: text }));
}

function sendRow() {
  const cells = [...at("cells").querySelectorAll("input, select")].map((f) => [f.name, f.type === "file" ? f.files[0] : f.value]);
  ask((form) => cells.forEach(([name, value]) => value && form.append(name, value)), () => null);
}

async function record() {
  const button = at("record");
  if (button.recorder) return button.recorder.stop();
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorder = new MediaRecorder(stream), parts = [];
    recorder.addEventListener("dataavailable", (e) => parts.push(e.data));
    recorder.addEventListener("stop", async () => {
      stream.getTracks().forEach((track) => track.stop());
      button.recorder = null; button.textContent = "Record"; button.classList.remove("live");
      try {
        sendFiles([new File([await asWave(new Blob(parts))], "recording.wav", { type: "audio/wav" })]);
      } catch (error) { say("The recording could not be read by this browser: " + error.message); }
    });
    recorder.start();
    button.recorder = recorder; button.textContent = "Stop"; button.classList.add("live");
  } catch (error) { say("The microphone is not allowed here: " + error.message); }
}

function say(words) { at("news").textContent = words; }

async function ask(fill, show) {
  waiting += 1; say("Asking ...");
  try {
    const form = new FormData();
    fill(form);
    if (model.explains && at("explain").checked) form.append("explain", "1");
    const reply = await sent("/predict", form);
    const rows = reply.predictions || [];
    for (const row of rows) at("answers").prepend(answered(row, show(), fill));
    for (const one of reply.failed || []) at("answers").prepend(failure(one.file + ": " + one.reason));
    if (reply.error) at("answers").prepend(failure(reply.error));
  } catch (error) {
    at("answers").prepend(failure("The server does not answer: " + error.message));
  } finally {
    waiting -= 1;
    say(waiting ? "Asking ..." : "");
  }
}

async function sent(place, form) {
  for (let tried = 0; ; tried++) {
    const reply = await fetch(place, { method: "POST", body: form });
    if (reply.status !== 503 || tried > 9) return reply.json();
    await new Promise((done) => setTimeout(done, 1000 * Number(reply.headers.get("retry-after") || 2)));
  }
}

const failure = (words) => made("div", { className: "card" }, made("p", { className: "fault", textContent: words }));

function shownFile(file) {
  const figure = made("figure"), address = URL.createObjectURL(file);
  if (model.input_type === "image") {
    const picture = made("img", { src: address, alt: "what was asked about" });
    picture.addEventListener("error", () => picture.remove());
    figure.append(picture);
  } else if (model.input_type === "audio") figure.append(made("audio", { src: address, controls: true }));
  return figure;
}

function answered(row, shown, fill) {
  const said = made("div");
  for (const [name, one] of row.tasks ? Object.entries(row.tasks) : [["", row]]) said.append(...told(name, one));
  if (row.unlike) said.prepend(made("p", { className: "mark", textContent: "Unlike the training data: do not rely on this answer" }));
  const left = made("div"), card = made("article", { className: "card answer" + (shown ? "" : " bare") }, ...(shown ? [left, said] : [said]));
  const on = row.boxes && shown && shown.querySelector("img") ? new BoxesOn(shown, row.boxes, model.tasks[0].classes[0]) : null;
  if (model.corrections && on) said.append(boxCorrection(on, card, fill));
  else if (model.corrections && !row.boxes) said.append(correction(row, fill));
  if (shown) left.append(shown);
  left.append(made("span", { className: "file", textContent: row.file }));
  return card;
}

function told(name, one) {
  if (one.boxes) {
    const counts = {};
    one.boxes.forEach((box) => { counts[box.label] = (counts[box.label] || 0) + 1; });
    const key = Object.keys(counts).map((label) => made("span", { className: tone(label), textContent: label }));
    return [made("h2", { textContent: Object.entries(counts).map(([label, n]) => n + " " + label).join(", ") || "Nothing found" }), made("p", { className: "key" }, ...key)];
  }
  const words = one.value !== undefined ? number(one.value) : one.labels ? one.labels.join(", ") || "none" : String(one.label);
  const nodes = [made("h2", { textContent: (name ? name + ": " : "") + words })];
  if (one.probabilities) {
    const shares = Object.entries(one.probabilities).sort((a, b) => b[1] - a[1]).slice(0, 8);
    nodes.push(bars(shares.map(([label, share]) => [label, share, percent(share), ""])));
  }
  if (one.explanation) nodes.push(explained(one.explanation));
  return nodes;
}

const tone = (label) => "of" + (model.tasks[0].classes.indexOf(label) % 4);

function bars(rows) {
  const grid = made("div", { className: "bars" });
  for (const [label, share, words, kind] of rows) {
    grid.append(made("span", { textContent: label }), made("meter", { value: share, min: 0, max: 1, className: kind, ariaLabel: label }), made("span", { textContent: words }));
  }
  return grid;
}

function explained(one) {
  if (one.picture) return made("figure", {}, made("img", { src: one.picture, alt: "what it went by" }), made("figcaption", { textContent: "What it went by: warm speaks for the answer, blue against." }));
  if (!one.parts) return made("p", { className: "soft", textContent: one.reason || "" });
  const most = Math.max(...one.parts.map((part) => Math.abs(part.adds)), 1e-9);
  const rows = one.parts.map((p) => [p.part, Math.abs(p.adds) / most, (p.adds > 0 ? "+" : "−") + Math.abs(p.adds).toPrecision(2), p.adds > 0 ? "" : "against"]);
  return made("div", {}, made("h3", { textContent: "What it went by" }), bars(rows));
}

function correction(row, fill) {
  const place = made("div", { className: "right" }), news = made("p", { textContent: "Not right? Say what it is:" }), chosen = {};
  place.append(news);
  const send = async () => {
    const form = new FormData();
    fill(form);
    for (const task of model.tasks) form.append(task.name ? "label:" + task.name : "label", chosen[task.name]);
    const reply = await sent("/correct", form);
    news.textContent = reply.kept ? "Kept in " + reply.kept + ": thank you." : reply.error || "It could not be kept.";
  };
  const one = model.tasks.length === 1;
  for (const task of model.tasks) {
    const answer = row.tasks ? row.tasks[task.name] : row, line = made("div");
    chosen[task.name] = task.task === "regression" ? number(answer.value) : answer.labels ? answer.labels.join("\n") : String(answer.label);
    if (task.name) line.append(made("span", { className: "soft", textContent: task.name + " " }));
    if (task.task === "regression") {
      const field = made("input", { type: "text", inputMode: "decimal", value: chosen[task.name], ariaLabel: "the right number" });
      field.addEventListener("change", () => { chosen[task.name] = field.value; });
      line.append(field);
    } else {
      task.classes.forEach((label) => {
        const set = new Set(chosen[task.name].split("\n"));
        const button = made("button", { type: "button", className: "button", textContent: label, ariaPressed: String(!one && set.has(label)) });
        button.addEventListener("click", () => {
          if (task.task === "multilabel") {
            const now = new Set(chosen[task.name].split("\n").filter(Boolean));
            now.has(label) ? now.delete(label) : now.add(label);
            chosen[task.name] = [...now].join("\n");
            button.ariaPressed = String(now.has(label));
          } else {
            chosen[task.name] = label;
            for (const other of line.querySelectorAll("button")) other.ariaPressed = String(other === button);
            if (one) send();
          }
        });
        line.append(button);
      });
    }
    place.append(line);
  }
  if (!one || model.tasks[0].task !== "classification") {
    const keep = made("button", { type: "button", className: "button", textContent: "Keep this answer" });
    keep.addEventListener("click", send);
    place.append(keep);
  }
  return place;
}

begin().catch((error) => say("The server does not answer: " + error.message));
