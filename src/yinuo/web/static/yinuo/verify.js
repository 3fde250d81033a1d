/* The page that checks proofs: takes a file, has verify_record.js check it, and says in sentences what that proves.
 *
 * Whatever comes out of a file is set as text, never as markup. Nothing here asks the network for anything.
 */
"use strict";

(() => {
  const MORE = 50, TEXT_MAX = 300, CONTENT_MAX = 20_000;
  const find = (id) => document.getElementById(id);
  const phrases = JSON.parse(find("phrases").textContent), ownPolicy = JSON.parse(find("own-policy").textContent);
  const language = document.documentElement.lang === "zh-Hans" ? "zh-Hans-CN" : "en-GB", isChinese = language !== "en-GB";
  const counts = new Intl.NumberFormat(language), gap = isChinese ? "" : " ";
  const moments = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "medium", timeZone: "UTC" });
  let running = 0, file = null;

  // --- Words -----------------------------------------------------------------------------------------------------------------

  const word = (vocabulary, name) => Object.hasOwn(phrases[vocabulary], name) ? phrases[vocabulary][name] : null;

  /** Text from a file, shortened, with invisible letters and those that turn the direction of writing written out. */
  function harmless(text, most = TEXT_MAX) {
    const cut = String(text).slice(0, most).replace(
      /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu,
      (letter) => "\\u" + letter.charCodeAt(0).toString(16).padStart(4, "0"),
    );
    return String(text).length > most ? cut + "…" : cut;
  }

  function said(value) {
    return typeof value === "number" || typeof value === "bigint" ? counts.format(value) : harmless(value);
  }

  /** A phrase with its values filled in. */
  function say(name, values = {}, vocabulary = "told") {
    const phrase = word(vocabulary, name) ?? name;
    return phrase.replace(/%\((\w+)\)s/g, (_, key) => Object.hasOwn(values, key) ? said(values[key]) : "");
  }

  /** The sentence for what is wrong. */
  function sentence(fault) {
    if (!(fault instanceof verifyRecord.NotProven)) return say("unknown", { fault: fault.message }, "faults");
    const values = { ...fault.values };
    if (values.what) values.what = word("parts", values.what);
    if (values.fault) values.fault = sentence(values.fault);
    return say(fault.code, values, "faults");
  }

  function when(micros) {
    const isTime = Number.isInteger(micros) && micros > 0 && micros < 253_402_300_800_000_000;
    return isTime ? moments.format(micros / 1000) + " UTC" : null;
  }

  const subjectWord = (field) => word("subjects", field) ?? field;
  const methodName = (key) => key.method === verifyRecord.methods.ML_DSA_44 ? "ML-DSA-44" : "Ed25519";

  // --- Elements --------------------------------------------------------------------------------------------------------------

  function made(tag, text = null, name = "") {
    const element = document.createElement(tag);
    if (text !== null) element.textContent = text;
    if (name) element.className = name;
    return element;
  }

  function listed(sentences) {
    const list = made("ul");
    for (const each of sentences) list.append(made("li", each));
    return list;
  }

  function show(element, isShown) {
    element.hidden = !isShown;
  }

  // --- The verdict -----------------------------------------------------------------------------------------------------------

  function verdict(name, sign, sentences) {
    const title = find("verdict-title"), card = find("verdict");
    card.className = `card verdict ${sign === "seal" ? "" : sign}`;
    title.replaceChildren(find(sign).content.cloneNode(true), made("span", say(name)));
    find("told").replaceChildren(...sentences);
    show(card, true);
    show(find("progress"), false);
    const spoken = sentences.find((each) => each.className === "sentence");
    find("state").textContent = say(name) + (isChinese ? "：" : ": ") + spoken.textContent;
    find("state").classList.add("unseen");      // the card says it to the eyes
  }

  function refuse(fault) {
    const wrong = made("p", sentence(fault), "sentence");
    verdict("not_proven", "harm", [wrong, made("p", say("unproven_sentence")), made("p", fileSentence(), "small")]);
    show(find("shown"), false);
  }

  const fileSentence = () => say("file", { file: file.name, bytes: file.size });

  function approve(found, isPasted) {
    const count = found.facts.length;
    const part = word("told", `part_${found.kind}`) ? `part_${found.kind}` : null;     // what it says beyond its facts
    const main = found.isSure ? say(["proven_none", "proven_one"][count] ?? "proven_many", { count }) : say("unsure_sentence");
    const told = [
      say(`kind_${found.kind}`) + gap + say("origin", { origin: found.origin, size: found.size }),
      ...found.logs.map((key) => say("signed", { method: methodName(key) })),
      ...found.unchecked.map((key) => say("unchecked", { name: key.name, method: methodName(key) })),
      ...found.witnesses.map(witnessSentence),
      ...(found.witnesses.length ? [] : found.asksWitnesses ? [] : [say("no_witness")]),
      ...found.subjects.map(({ field, subject, isWhole, ...numbers }) =>
        say(isWhole ? "whole" : "gaps", { ...spelt(numbers), subject: subjectWord(field), id: subject })),
      ...(found.note ? [say("marked", { note: found.note })] : []),
      ...(found.kind === "order" ? [say("later_order")] : []),
      say(isPasted ? "by_pasted" : "by_page"),
    ];
    const beyond = part ? [made("p", say(`beyond_${found.kind}`), "sentence")] : [];
    const parts = [made("p", main, "sentence"), ...beyond, listed(told), made("p", fileSentence(), "small")];
    verdict(found.isSure ? part ?? "proven" : "unsure", found.isSure && !part ? "seal" : "doubt", parts);
    listFacts(found.facts);
  }

  const spelt = ({ first, last, count }) => ({ first, last, count });

  function witnessSentence({ name, at }) {
    const time = when(at * 1e6);
    return time ? say("witness", { name, when: time }) : say("witness_timeless", { name });
  }

  // --- The facts -------------------------------------------------------------------------------------------------------------

  function listFacts(facts) {
    const list = find("facts"), more = find("more"), replacedBy = replacements(facts);
    let shown = 0;
    list.replaceChildren();
    find("shown-title").textContent = say("facts_shown");
    find("numbering").textContent = say("numbering");
    const next = () => {
      const first = shown;
      for (const fact of facts.slice(first, first + MORE)) list.append(factItem(fact, replacedBy));
      shown = Math.min(facts.length, first + MORE);
      find("left").textContent = say("more_left", { shown, all: facts.length });
      more.textContent = say("more", { count: Math.min(MORE, facts.length - shown) });
      for (const element of [more, find("left")]) show(element, shown < facts.length);
      if (first) list.children[first].querySelector("h3").focus();
    };
    more.onclick = next;
    show(find("shown"), facts.length > 0);
    next();
  }

  /** Which entry replaced which key, as far as the file shows it. */
  function replacements(facts) {
    const found = new Map();
    for (const { index, main } of facts) {
      const fact = main?.content.get("fact"), isWithdrawal = fact instanceof Map && fact.get("kind") === "record.fact_withdrawn";
      const key = isWithdrawal ? fact.get("event") : main?.content.get("supersedes");
      if (typeof key === "string") found.set(key, index);
    }
    return found;
  }

  function factItem({ index, main, person, hasPerson }, replacedBy) {
    const item = made("li"), content = main?.content, fact = content?.get("fact"), kind = fact instanceof Map ? fact.get("kind") : null;
    const title = made("h3", main ? word("kinds", String(kind)) ?? harmless(kind ?? "–") : say("no_kind"));
    title.tabIndex = -1;
    const time = when(content?.get("at")), source = content?.get("source"), facets = [say("entry", { index })];
    if (time) facets.push(say("when", { when: time }));
    if (typeof source === "string") facets.push(say("by", { source }));
    item.append(title, made("p", facets.join(" · "), "small"));
    const told = [...numbersOf(main), ...numbersOf(person)];
    if (content?.has("supersedes")) told.push(say("replaces"));
    if (replacedBy.has(content?.get("key"))) told.push(say("replaced", { index: replacedBy.get(content.get("key")) }));
    if (!main) told.push(say("main_closed"));
    if (!person) told.push(say(hasPerson ? "person_closed" : "person_none"));
    item.append(listed(told), detailsOf(main, person));
    return item;
  }

  function numbersOf(part) {
    if (!part) return [];
    const fact = part.content.get("fact");
    return [...part.numbers].map(([field, number]) => {
      const id = fact instanceof Map ? fact.get(field) : null, subject = subjectWord(field);
      return typeof id === "string" ? say("number", { number, subject, id }) : say("number_alone", { number, subject });
    });
  }

  function detailsOf(main, person) {
    const details = made("details", null, "how");
    details.append(made("summary", say("details")));
    details.addEventListener("toggle", () => {
      if (details.children.length > 1) return;
      for (const [name, part] of [["main_part", main], ["person_part", person]]) {
        if (part) details.append(made("p", say(name), "small"), rows(part.content));
      }
    });
    return details;
  }

  /** A part's fields, those of the fact in it first. */
  function rows(content) {
    const list = made("dl", null, "fields"), inner = content.get("fact");
    const fields = [...(inner instanceof Map ? inner : []), ...[...content].filter(([name, value]) => name !== "fact" || value !== inner)];
    if (!(inner instanceof Map) && inner !== undefined) fields.push(["fact", inner]);
    for (const [name, value] of fields.slice(0, 200)) {
      if (value instanceof Map && value === inner) continue;
      const row = made("div"), shown = made("dd");
      shown.append(made("bdi", harmless(typeof value === "string" ? value : plain(value), CONTENT_MAX)));
      row.append(made("dt", harmless(name)), shown);
      list.append(row);
    }
    return list;
  }

  /** A value of JSON in one line. */
  function plain(value) {
    if (Array.isArray(value)) return `[${value.map(plain).join(", ")}]`;
    if (value instanceof Map) return [...value].map(([name, each]) => `${name}: ${plain(each)}`).join(", ");
    return String(value);
  }

  // --- Checking --------------------------------------------------------------------------------------------------------------

  async function checkFile() {
    const mine = ++running, isCurrent = () => mine === running, state = find("state"), bar = find("progress");
    for (const id of ["verdict", "shown"]) show(find(id), false);
    state.classList.remove("unseen");
    state.textContent = say("checking", { file: file.name });
    const progress = (step, share) => {
      if (!isCurrent()) throw new Superseded();
      const percent = Math.floor(share * 100);
      show(bar, true);
      bar.value = percent;
      bar.setAttribute("aria-valuetext", say(step, { percent }));
    };
    const pasted = find("pasted").value, isPasted = pasted.trim() !== "";
    try {
      const found = await verifyRecord.check(await bytesOf(file), isPasted ? pasted : ownPolicy, progress);
      if (isCurrent()) approve(found, isPasted);
    } catch (fault) {
      if (isCurrent()) refuse(fault);
    }
  }

  class Superseded extends Error {}

  async function bytesOf(chosen) {
    if (chosen.size > verifyRecord.FILE_BYTES_MAX) throw new verifyRecord.NotProven("too_large", { what: "file", bytes: verifyRecord.FILE_BYTES_MAX });
    try {
      return new Uint8Array(await chosen.arrayBuffer());
    } catch {
      throw new verifyRecord.NotProven("unreadable");
    }
  }

  function take(chosen) {
    if (!chosen) return;
    file = chosen;
    checkFile();
  }

  function takePolicy() {
    const field = find("pasted"), state = find("pasted-state");
    field.removeAttribute("aria-invalid");
    state.textContent = "";
    try {
      const logs = field.value.trim() ? verifyRecord.policyIn(field.value).logs : [];
      if (logs.length) state.textContent = say("policy_good", { names: [...new Set(logs.map((key) => key.name))].join(", ") });
    } catch (fault) {
      field.setAttribute("aria-invalid", "true");
      state.textContent = say("policy_wrong") + gap + sentence(fault);
    }
    if (file) checkFile();
  }

  async function copyPolicy() {
    const told = find("copied");
    try {
      await navigator.clipboard.writeText(ownPolicy);
      told.textContent = say("copied");
    } catch {
      getSelection().selectAllChildren(find("policy"));
      told.textContent = say("not_copied");
    }
  }

  function listenForDrops() {
    const zone = find("zone");
    let depth = 0;
    const mark = (change) => zone.classList.toggle("over", (depth = Math.max(0, depth + change)) > 0);
    document.addEventListener("dragenter", () => mark(1));
    document.addEventListener("dragleave", () => mark(-1));
    document.addEventListener("dragover", (event) => event.preventDefault());    // else the browser opens the file
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      mark(-depth);
      take(event.dataTransfer.files[0]);
    });
  }

  show(find("without"), false);
  for (const id of ["zone", "other", "copy"]) show(find(id), true);
  find("file").addEventListener("change", (event) => take(event.target.files[0]));
  find("file").addEventListener("click", (event) => event.target.value = "");      // the same file again is checked again
  find("pasted").addEventListener("change", takePolicy);
  find("copy").addEventListener("click", copyPolicy);
  listenForDrops();
  document.documentElement.dataset.ready = "";
})();
