/* Checks evidence from a Yinuo record in the browser, by the rules of verify_record.py, with which it is tested to agree.
 *
 * `verifyRecord.check(bytes, policyText, progress)` tells what a proof file or a pack of facts proves, or throws NotProven with a
 * code and values; it asks nothing of the network. Two things differ: signatures by ML-DSA-44 (and, where the browser has no
 * Ed25519, all) are reported as unchecked, and JSON nested deeper than DEPTH_MAX is refused. A classic script, because browsers
 * run no modules from a page saved to disk. Apache-2.0.
 */
"use strict";

const verifyRecord = (() => {
  const FILE_BYTES_MAX = 64 * 1024 * 1024, PROOF_BYTES_MAX = 4_000_000, NOTE_LENGTH_MAX = 1_000_000;
  const SIGNATURES_MAX = 100, POLICY_LINES_MAX = 1_000, HASHES_MAX = 63, DEPTH_MAX = 500, SLICE_MS = 30;
  const NUMBER_MAX = 2n ** 63n - 1n;
  const ED25519 = 1, COSIGNATURE = 4, ML_DSA_44 = 6;
  const PUBLIC_BYTES = { [ED25519]: 32, [COSIGNATURE]: 32, [ML_DSA_44]: 1312 };
  const TIME_BYTES = 8, ML_DSA_44_BYTES = 2420, MARK_BYTES = 6;
  const KINDS = ["order", "credit", "reviews", "receipt"];
  const CONTROL = /[\x00-\x09\x0b-\x1f]/;
  const LONE_SURROGATE = /\p{Surrogate}/u;
  // White space as Python's \s has it.
  const KEY_NAME = /^[^\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]+$/u;

  class NotProven extends Error {
    constructor(code, values = {}) {
      super(code);
      this.code = code;
      this.values = values;
    }
  }

  // --- Bytes ---------------------------------------------------------------------------------------------------------------

  const utf8 = (text) => new TextEncoder().encode(text);
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const number = (bytes) => BigInt("0x" + hex(bytes));
  const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);

  function textIn(bytes, what) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new NotProven("not_utf8", { what });
    }
  }

  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const SIXES = new Int8Array(128).fill(-1);
  for (let place = 0; place < 64; place++) SIXES[LETTERS.charCodeAt(place)] = place;

  /** The bytes that standard base64 writes in its one right form. */
  function bytesIn(text, what, length = null) {
    if (typeof text !== "string" || text.length % 4) throw new NotProven("not_base64", { what });
    const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
    const bytes = new Uint8Array(text.length / 4 * 3 - padding);
    let bits = 0, held = 0, next = 0;
    for (let place = 0; place < text.length - padding; place++) {
      const code = text.charCodeAt(place), six = code < 128 ? SIXES[code] : -1;
      if (six < 0) throw new NotProven("not_base64", { what });
      bits = (bits << 6 | six) & 0xffff;
      held += 6;
      if (held >= 8) {
        held -= 8;
        bytes[next++] = bits >> held & 255;
      }
    }
    if (bits & (1 << held) - 1) throw new NotProven("not_base64", { what });
    if (length !== null && bytes.length !== length) throw new NotProven("length", { what, found: bytes.length, needed: length });
    return bytes;
  }

  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

  /** A number from 0 to 2^63 - 1 in digits without leading zeros. */
  function numberIn(text, what) {
    if (!/^(?:0|[1-9][0-9]{0,18})$/.test(text) || BigInt(text) > NUMBER_MAX) throw new NotProven("not_number", { what });
    return BigInt(text);
  }

  // --- SHA-256: our own, since the browser's answers later, which takes longer than the hashing itself ------------------------

  /** The first 32 bits of the fractions of square (2) or cube (3) roots, exactly. */
  function fractions(numbers, power) {
    return Int32Array.from(numbers, (one) => {
      let root = 0n;
      for (let bit = 1n << 37n; bit; bit >>= 1n) if ((root | bit) ** BigInt(power) <= BigInt(one) << BigInt(32 * power)) root |= bit;
      return Number(BigInt.asIntN(32, root));
    });
  }
  const primes = [];
  for (let one = 2; primes.length < 64; one++) if (primes.every((prime) => one % prime)) primes.push(one);
  const ROUNDS = fractions(primes, 3), START = fractions(primes.slice(0, 8), 2);
  const schedule = new Int32Array(64), state = new Int32Array(8);
  let padded = new Uint8Array(4096), view = new DataView(padded.buffer);

  /** SHA-256 over these bytes, one after the other. */
  function sha256(...parts) {
    let length = 0;
    for (const part of parts) length += part.length;
    const end = length + 72 & ~63;
    if (padded.length < end) {
      padded = new Uint8Array(end * 2);
      view = new DataView(padded.buffer);
    }
    let place = 0;
    for (const part of parts) {
      padded.set(part, place);
      place += part.length;
    }
    padded.fill(0, place, end);
    padded[place] = 0x80;
    view.setUint32(end - 8, Math.floor(length / 2 ** 29));
    view.setUint32(end - 4, length << 3);
    state.set(START);
    for (let block = 0; block < end; block += 64) compress(block);
    const digest = new Uint8Array(32);
    for (let at = 0; at < 32; at++) digest[at] = state[at >> 2] >>> 24 - (at & 3) * 8;
    return digest;
  }

  function compress(block) {
    for (let t = 0; t < 16; t++) schedule[t] = view.getInt32(block + t * 4);
    for (let t = 16; t < 64; t++) {
      const x = schedule[t - 15], y = schedule[t - 2];
      const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
      const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
      schedule[t] = schedule[t - 16] + s0 + schedule[t - 7] + s1 | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (let t = 0; t < 64; t++) {
      const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
      const one = h + s1 + (e & f ^ ~e & g) + ROUNDS[t] + schedule[t] | 0;
      const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
      const two = s0 + (a & b ^ a & c ^ b & c) | 0;
      h = g; g = f; f = e; e = d + one | 0; d = c; c = b; b = a; a = one + two | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
  }

  // --- Unhurried: long work in slices, so that the page stays awake -----------------------------------------------------------

  /** What a generator returns, run in slices; `progress` is told what it yields when a slice ends. */
  async function unhurried(steps, progress) {
    let until = performance.now() + SLICE_MS;
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      if (performance.now() < until) continue;
      progress(value);
      await new Promise((resume) => setTimeout(resume));
      until = performance.now() + SLICE_MS;
    }
  }

  function atOnce(steps) {
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  // --- JSON: objects as Maps, whole numbers only, no name twice; without recursion, so that depth harms nobody ----------------

  function* parsing(text, what) {
    const stack = [];
    let at = 0, steps = 0;
    const fail = () => new NotProven(at >= text.length ? "json_end" : "json", { what, at });
    const skip = () => {
      for (let code = text.charCodeAt(at); code === 32 || code === 10 || code === 13 || code === 9;) code = text.charCodeAt(++at);
    };
    const string = () => {
      let end = at + 1, escaped = false;
      for (let code = text.charCodeAt(end); code !== 34; code = text.charCodeAt(++end)) {
        if (code === 92) {
          escaped = true;
          end++;
        }
        if (end >= text.length || code < 32) {
          at = end;
          throw fail();
        }
      }
      const raw = text.slice(at, end + 1);
      if (escaped) {
        try {
          at = end + 1;
          return JSON.parse(raw);
        } catch {
          throw fail();
        }
      }
      at = end + 1;
      return raw.slice(1, -1);
    };
    const digits = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
    const scalar = () => {
      if (text[at] === '"') return string();
      for (const [word, value] of [["true", true], ["false", false], ["null", null]]) {
        if (text.startsWith(word, at)) {
          at += word.length;
          return value;
        }
      }
      digits.lastIndex = at;
      const found = digits.exec(text);
      if (!found) throw fail();
      const value = Number(found[0]);
      if (found[1] || found[2] || found[0].length > 17 || !Number.isSafeInteger(value)) throw new NotProven("json_number", { what });
      at = digits.lastIndex;
      return value;
    };
    const name = (into) => {
      skip();
      if (text[at] !== '"') throw fail();
      const found = string();
      if (into.has(found)) throw new NotProven("json_twice", { what, name: found });
      skip();
      if (text[at] !== ":") throw fail();
      at++;
      return found;
    };
    for (;;) {
      if ((++steps & 1023) === 0) yield at / text.length;
      skip();
      const opening = text[at];
      let value;
      if (opening === "{" || opening === "[") {
        if (stack.length === DEPTH_MAX) throw new NotProven("json_deep", { what });
        const into = opening === "{" ? new Map() : [];
        at++;
        skip();
        if (text[at] !== (opening === "{" ? "}" : "]")) {
          stack.push({ into, name: opening === "{" ? name(into) : null });
          continue;
        }
        at++;
        value = into;
      } else value = scalar();
      for (let filled = false; !filled;) {
        const holder = stack.at(-1);
        skip();
        if (!holder) {
          if (at !== text.length) throw fail();
          return value;
        }
        const isList = Array.isArray(holder.into);
        if (isList) holder.into.push(value);
        else holder.into.set(holder.name, value);
        if (text[at] === ",") {
          at++;
          if (!isList) holder.name = name(holder.into);
          filled = true;
        } else if (text[at] === (isList ? "]" : "}")) {
          at++;
          stack.pop();
          value = holder.into;
        } else throw fail();
      }
    }
  }

  const isSurrogate = (code) => code >= 0xd800 && code <= 0xdfff;

  function byCodePoint(one, other) {
    const length = Math.min(one.length, other.length);
    for (let at = 0; at < length; at++) {
      const a = one.charCodeAt(at), b = other.charCodeAt(at);
      if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1;
    }
    return one.length - other.length;
  }

  /** The one canonical way to write a value as JSON. */
  function canonical(value) {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (!(value instanceof Map)) return JSON.stringify(value);
    const names = [...value.keys()].sort(byCodePoint);
    return `{${names.map((name) => JSON.stringify(name) + ":" + canonical(value.get(name))).join(",")}}`;
  }

  function canonicalIn(text, what) {
    if (typeof text !== "string") throw new NotProven("not_text", { what });
    const value = atOnce(parsing(text, what));
    const written = canonical(value);
    if (written !== text || LONE_SURROGATE.test(text) || hasLoneEscape(written)) throw new NotProven("not_canonical", { what });
    return value;
  }

  // JSON.stringify writes a lone surrogate as an escape, which no canonical text holds.
  const hasLoneEscape = (written) => written.includes("\\ud") && /(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/.test(written);

  function exactly(value, names, code, values) {
    if (!(value instanceof Map) || value.size !== names.length || !names.every((name) => value.has(name))) throw new NotProven(code, values);
  }

  // --- Keys, signed notes, checkpoints -----------------------------------------------------------------------------------------

  /** The public key that one line (a vkey) writes. */
  function keyIn(vkey) {
    const [, name, keyId, encoded] = /^([^+]*)\+([0-9a-fA-F]{8})\+(.*)$/s.exec(vkey) ?? [];
    if (!name || !KEY_NAME.test(name)) throw new NotProven("key_form");
    const typed = bytesIn(encoded, "key"), method = typed[0], bytes = typed.slice(1);
    if (PUBLIC_BYTES[method] !== bytes.length) throw new NotProven("key_kind", { name });
    if (hex(sha256(utf8(name + "\n"), typed).slice(0, 4)) !== keyId.toLowerCase()) throw new NotProven("key_id", { name });
    return { name, method, bytes, place: `${name}+${keyId.toLowerCase()}`, id: `${name}+${keyId.toLowerCase()}+${encoded}` };
  }

  async function ed25519Signed(publicBytes, message, signature) {
    try {
      const key = await crypto.subtle.importKey("raw", publicBytes, { name: "Ed25519" }, false, ["verify"]);
      return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
    } catch {
      return false;
    }
  }

  /** Whether the browser checks Ed25519 rightly, by the second test of RFC 8032, 7.1. */
  async function hasEd25519() {
    const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
    const key = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const signature = bytes("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    return await ed25519Signed(key, Uint8Array.of(0x72), signature) && !await ed25519Signed(key, Uint8Array.of(0x73), signature);
  }

  /** The time that a right signature states (0 for none), null for a wrong one, undefined where it cannot be checked here. */
  async function timeOf(key, text, signature, checksEd25519) {
    if (key.method === ED25519) {
      if (!checksEd25519) return undefined;
      return await ed25519Signed(key.bytes, utf8(text), signature) ? 0n : null;
    }
    if (signature.length <= TIME_BYTES) return null;
    const stated = number(signature.slice(0, TIME_BYTES)), rest = signature.slice(TIME_BYTES);
    if (stated > NUMBER_MAX) return null;
    if (key.method === ML_DSA_44) return rest.length === ML_DSA_44_BYTES ? undefined : null;
    if (!checksEd25519) return undefined;
    return await ed25519Signed(key.bytes, utf8(`cosignature/v1\ntime ${stated}\n${text}`), rest) ? stated : null;
  }

  function noteIn(note) {
    if (note.length > NOTE_LENGTH_MAX) throw new NotProven("too_large", { what: "checkpoint", bytes: NOTE_LENGTH_MAX });
    if (CONTROL.test(note) || LONE_SURROGATE.test(note)) throw new NotProven("control", { what: "checkpoint" });
    const parted = note.lastIndexOf("\n\n"), lines = note.slice(parted + 2).split("\n");
    if (parted < 0 || lines.pop() || !lines.length || lines.length > SIGNATURES_MAX) throw new NotProven("note");
    const signatures = lines.map((line) => {
      const [, name, encoded] = /^\u2014 ([^ ]+) (.*)$/.exec(line) ?? [];
      if (!name || !KEY_NAME.test(name)) throw new NotProven("note");
      const raw = bytesIn(encoded, "signature");
      if (raw.length < 5) throw new NotProven("note");
      return { place: `${name}+${hex(raw.slice(0, 4))}`, signed: raw.slice(4) };
    });
    return { text: note.slice(0, parted) + "\n", signatures };
  }

  function checkpointIn(text) {
    const lines = text.split("\n");
    if (lines.pop() || lines.length !== 3 || lines.includes("")) throw new NotProven("checkpoint");
    const size = numberIn(lines[1], "size"), root = bytesIn(lines[2], "root", 32);
    if (size === 0n && !same(root, sha256())) throw new NotProven("checkpoint");
    return { origin: lines[0], size, root };
  }

  // --- Policies ----------------------------------------------------------------------------------------------------------------

  /** Whose signatures make a checkpoint good, from a policy's text. */
  function policyIn(text) {
    const lines = text.split("\n");
    if (text.length > NOTE_LENGTH_MAX || lines.length > POLICY_LINES_MAX) throw new NotProven("policy_large");
    const policy = { logs: [], witnesses: new Map(), groups: new Map(), members: new Set(), quorum: null };
    lines.forEach((line, place) => {
      try {
        if (/[\x00-\x08\x0b-\x1f\x7f]/.test(line)) throw new NotProven("policy_form");
        const items = line.replace(/^[ \t]+|[ \t]+$/g, "").split(/[ \t]+/);
        if (items[0] && !items[0].startsWith("#")) takeLine(policy, items);
      } catch (fault) {
        if (!(fault instanceof NotProven)) throw fault;
        throw new NotProven("policy_line", { line: place + 1, fault });
      }
    });
    if (policy.quorum === null) throw new NotProven("policy_no_quorum");
    if (!policy.logs.length) throw new NotProven("policy_no_log");
    return policy;
  }

  function takeLine(policy, [word, ...rest]) {
    const isKnown = (name) => policy.witnesses.has(name) || policy.groups.has(name);
    const isFree = (name) => name !== "none" && !isKnown(name);
    if (word === "log" && (rest.length === 1 || rest.length === 2)) {
      policy.logs.push(newKey(rest[0], policy.logs));
    } else if (word === "witness" && (rest.length === 2 || rest.length === 3) && isFree(rest[0])) {
      const key = newKey(rest[1], [...policy.witnesses.values()]);
      if (key.method === ED25519) throw new NotProven("policy_witness");
      policy.witnesses.set(rest[0], key);
    } else if (word === "group" && rest.length >= 3 && isFree(rest[0])) {
      const [name, many, ...members] = rest;
      for (const member of members) {
        if (!isKnown(member) || policy.members.has(member)) throw new NotProven("policy_member");
        policy.members.add(member);
      }
      const threshold = many === "any" ? 1 : many === "all" ? members.length : /^[1-9][0-9]{0,5}$/.test(many) ? Number(many) : Infinity;
      if (threshold > members.length) throw new NotProven("policy_form");
      policy.groups.set(name, { threshold, members });
    } else if (word === "quorum" && rest.length === 1 && policy.quorum === null && (rest[0] === "none" || isKnown(rest[0]))) {
      policy.quorum = rest[0];
    } else throw new NotProven("policy_form");
  }

  function newKey(vkey, others) {
    const key = keyIn(vkey);
    if (others.some((other) => same(other.bytes, key.bytes))) throw new NotProven("policy_twice");
    return key;
  }

  function isQuorum(policy, names) {
    const content = new Set(["none", ...names]);
    for (const [name, group] of policy.groups) {
      if (group.members.filter((member) => content.has(member)).length >= group.threshold) content.add(name);
    }
    return content.has(policy.quorum);
  }

  /** The checkpoint in a note that is good by the policy; `isSure` is false where that hangs on signatures not checked here. */
  async function accept(policy, note) {
    const { text, signatures } = noteIn(note), keys = [...policy.logs, ...policy.witnesses.values()];
    const trusted = new Map(keys.map((key) => [key.place, key]));
    const signed = new Map(), unchecked = new Map(), checksEd25519 = await hasEd25519();
    for (const { place, signed: bytes } of signatures) {
      const key = trusted.get(place);
      if (!key) continue;
      const stated = await timeOf(key, text, bytes, checksEd25519);
      if (stated === null) throw new NotProven("signature", { name: key.name });
      if (stated === undefined) unchecked.set(key.id, key);
      else if (!signed.has(key.id) || signed.get(key.id) < stated) signed.set(key.id, stated);
    }
    const { origin, size, root } = checkpointIn(text);
    const logs = policy.logs.filter((key) => signed.has(key.id) && key.name === origin);
    if (!logs.length && !policy.logs.some((key) => unchecked.has(key.id) && key.name === origin)) {
      const names = [...new Set(policy.logs.map((key) => key.name))];
      throw new NotProven(names.includes(origin) ? "other_key" : "other_log", { origin, trusted: names.join(", ") });
    }
    const named = [...policy.witnesses], seen = named.filter(([, key]) => signed.has(key.id)).map(([name]) => name);
    const perhaps = named.filter(([, key]) => signed.has(key.id) || unchecked.has(key.id)).map(([name]) => name);
    if (!isQuorum(policy, perhaps)) throw new NotProven("few_witnesses", { count: perhaps.length, quorum: policy.quorum });
    return {
      origin, size, root, logs, unchecked: [...unchecked.values()], isSure: logs.length > 0 && isQuorum(policy, seen),
      witnesses: seen.map((name) => ({ name, at: Number(signed.get(policy.witnesses.get(name).id)) })),
      hasEd25519: checksEd25519, asksWitnesses: policy.quorum !== "none",
    };
  }

  // --- Facts -------------------------------------------------------------------------------------------------------------------

  const INNER = utf8("yinuo/inner/v1"), NONE = utf8("yinuo/none/v1"), PART = utf8("yinuo/part/v1"), NO_NUMBERS = utf8("{}");
  const LEAF = Uint8Array.of(0, 1), NODE = Uint8Array.of(1);
  const isCount = (value) => typeof value === "number" && value >= 0;

  /** A revealed fact with the hash of the entry that follows from it. */
  function factIn(revealed, place) {
    exactly(revealed, ["index", "main", "person"], "fact_form", { place });
    const index = revealed.get("index");
    if (!isCount(index)) throw new NotProven("fact_form", { place });
    const main = partIn(revealed.get("main"), index), person = partIn(revealed.get("person"), index);
    if (!main.content && !person.content) throw new NotProven("nothing_opened", { index });
    const hasPerson = main.content && !same(person.commitment, sha256(PART, NO_NUMBERS, sha256(NONE, main.salt)));
    return {
      index, hash: sha256(LEAF, main.commitment, person.commitment), main: main.content && main, person: person.content && person, hasPerson,
    };
  }

  function partIn(part, index) {
    if (part instanceof Map && part.has("commitment")) {
      exactly(part, ["commitment"], "part_form", { index });
      return { commitment: bytesIn(part.get("commitment"), "commitment", 32), content: null };
    }
    exactly(part, ["salt", "content", "numbers"], "part_form", { index });
    const salt = bytesIn(part.get("salt"), "salt", 32), content = canonicalIn(part.get("content"), "content"), numbers = part.get("numbers");
    if (!(content instanceof Map) || !(numbers instanceof Map)) throw new NotProven("part_form", { index });
    for (const [name, count] of numbers) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || !isCount(count)) throw new NotProven("part_form", { index });
    }
    const inner = sha256(INNER, salt, utf8(part.get("content")));
    return { commitment: sha256(PART, utf8(canonical(numbers)), inner), salt, content, numbers };
  }

  /** The number that a subject gave to a fact, or null if the fact is not about it. */
  function numberOf(fact, field, subject) {
    for (const part of [fact.main, fact.person]) {
      const stated = part && part.content.get("fact");
      if (stated instanceof Map && stated.get(field) === subject && part.numbers.has(field)) return part.numbers.get(field);
    }
    return null;
  }

  /** Of each subject that a pack is about: its facts' numbers, and whether they run without a gap. Refuses gaps in an order. */
  function subjectsOf(facts, kind, about) {
    if (kind === "order" && typeof about.get("order") !== "string") throw new NotProven("no_order");
    const told = [];
    for (const [field, subject] of about) {
      if (typeof subject !== "string") continue;
      const numbers = facts.map((fact) => numberOf(fact, field, subject)).filter((count) => count !== null).sort((a, b) => a - b);
      const gap = numbers.findIndex((count, place) => count !== numbers[0] + place);
      if (kind === "order" && field === "order") {
        const expected = numbers.findIndex((count, place) => count !== place);
        if (!numbers.length) throw new NotProven("no_fact", { subject });
        if (expected >= 0) throw new NotProven("gap", { number: expected, subject });
      }
      if (numbers.length) told.push({ field, subject, first: numbers[0], last: numbers.at(-1), count: numbers.length, isWhole: gap < 0 });
    }
    return told;
  }

  // --- Trees -------------------------------------------------------------------------------------------------------------------

  /** The root to which a proof leads from one leaf; sizes up to 2^63. */
  function rootByPath(leaf, index, size, proof) {
    const sides = [];
    for (let low = 0n, high = size; high - low > 1n;) {
      const half = 1n << BigInt((high - low - 1n).toString(2).length - 1);
      sides.push(index < low + half);
      if (sides.at(-1)) high = low + half;
      else low += half;
    }
    if (sides.length !== proof.length) throw new NotProven("hash_count", { found: proof.length, needed: sides.length });
    return proof.reduce((hash, beside) => sides.pop() ? sha256(NODE, hash, beside) : sha256(NODE, beside, hash), leaf);
  }

  /** The root over some leaves in order and exactly the other hashes that it takes. */
  function* rootByNodes(size, facts, nodes) {
    const unused = new Map(nodes);
    let done = 0;
    function* over(low, high, first, last) {
      const width = high - low;
      let half = 1;
      while (half * 2 < width) half *= 2;
      if (first === last && (width === 1 || half * 2 === width)) {
        const name = `${Math.round(Math.log2(width))}/${low / width}`, hash = unused.get(name);
        if (!hash) throw new NotProven("node_missing", { name });
        unused.delete(name);
        return hash;
      }
      if (width === 1) {
        if ((++done & 63) === 0) yield done / facts.length;
        return facts[first].hash;
      }
      let between = first, after = last;
      while (between < after) {
        const middle = between + after >> 1;
        if (facts[middle].index < low + half) between = middle + 1;
        else after = middle;
      }
      return sha256(NODE, yield* over(low, low + half, first, between), yield* over(low + half, high, between, last));
    }
    const root = size ? yield* over(0, size, 0, facts.length) : sha256();
    for (const name of unused.keys()) throw new NotProven("node_extra", { name });
    return root;
  }

  // --- Files -------------------------------------------------------------------------------------------------------------------

  const HEADER = "c2sp.org/tlog-proof@v1\n";

  async function checkProof(raw, policy) {
    if (raw.length > PROOF_BYTES_MAX) throw new NotProven("too_large", { what: "proof", bytes: PROOF_BYTES_MAX });
    const text = textIn(raw, "proof"), parted = text.indexOf("\n\n"), note = text.slice(parted + 2);
    if (CONTROL.test(text)) throw new NotProven("control", { what: "proof" });
    if (parted < 0 || !note) throw new NotProven("cut_off");
    const [, extra, place, ...lines] = text.slice(0, parted).split("\n");
    if (!extra?.startsWith("extra ") || !place?.startsWith("index ")) throw new NotProven("no_fact_shown");
    const index = numberIn(place.slice(6), "index");
    if (lines.length > HASHES_MAX) throw new NotProven("hash_count", { found: lines.length, needed: HASHES_MAX });
    const hashes = lines.map((line) => bytesIn(line, "hash", 32));
    const fact = factIn(canonicalIn(textIn(bytesIn(extra.slice(6), "extra"), "extra"), "extra"), 1);
    if (BigInt(fact.index) !== index) throw new NotProven("index_differs", { index, other: fact.index });
    const head = await accept(policy, note);
    if (index >= head.size || !same(rootByPath(fact.hash, index, head.size, hashes), head.root)) {
      throw new NotProven("not_there", { index, origin: head.origin });
    }
    return { ...head, kind: "proof", facts: [fact], subjects: [], note: "" };
  }

  const SHAPES = {
    format: "string", kind: "string", note: "string", about: "map", checkpoint: "string", policy: "string", size: "number",
    facts: "list", nodes: "map",
  };
  const shapeOf = (value) => value instanceof Map ? "map" : Array.isArray(value) ? "list" : typeof value;

  async function checkPack(raw, policy, progress) {
    const pack = await unhurried(parsing(textIn(raw, "pack"), "pack"), (share) => progress("reading", share));
    if (pack instanceof Map && !pack.has("kind") && (pack.has("bound") || pack.has("receipt"))) throw new NotProven("receipt_alone");
    for (const [name, shape] of Object.entries(SHAPES)) {
      if (!(pack instanceof Map) || shapeOf(pack.get(name)) !== shape) throw new NotProven("pack_form", { name });
    }
    if (pack.get("format") !== "yinuo-pack-v1" || !KINDS.includes(pack.get("kind"))) throw new NotProven("pack_kind");
    const head = await accept(policy ?? policyIn(pack.get("policy")), pack.get("checkpoint"));
    if (pack.get("size") < 0 || BigInt(pack.get("size")) !== head.size) throw new NotProven("size_differs", { found: pack.get("size"), needed: head.size });
    const facts = await unhurried(factsIn(pack.get("facts")), (share) => progress("facts", share));
    if (facts.some((fact, place) => place && facts[place - 1].index >= fact.index)) throw new NotProven("order");
    if (facts.length && facts.at(-1).index >= head.size) throw new NotProven("order");
    checkMarks(facts, pack);
    const steps = rootByNodes(pack.get("size"), facts, nodesIn(pack.get("nodes")));
    if (!same(await unhurried(steps, (share) => progress("tree", share)), head.root)) throw new NotProven("root");
    const subjects = subjectsOf(facts, pack.get("kind"), pack.get("about"));
    return { ...head, kind: pack.get("kind"), facts, subjects, note: pack.get("note") };
  }

  function* factsIn(list) {
    const facts = [];
    for (const revealed of list) {
      facts.push(factIn(revealed, facts.length + 1));
      if ((facts.length & 15) === 0) yield facts.length / list.length;
    }
    return facts;
  }

  /** Marks name the fact that was changed, where the root only tells that one was. */
  function checkMarks(facts, pack) {
    if (!pack.has("marks")) return;
    const marks = pack.get("marks");
    if (!Array.isArray(marks) || marks.length !== facts.length) throw new NotProven("pack_form", { name: "marks" });
    const changed = facts.find((fact, place) => base64(fact.hash.slice(0, MARK_BYTES)) !== marks[place]);
    if (changed) throw new NotProven("mark", { index: changed.index });
  }

  function nodesIn(given) {
    const nodes = new Map();
    for (const [name, text] of given) {
      const [, level, index] = /^([0-9]{1,2})\/([0-9]{1,19})$/.exec(name) ?? [];
      if (!level) throw new NotProven("node_name");
      numberIn(level, "node");
      numberIn(index, "node");
      nodes.set(name, bytesIn(text, "hash", 32));
    }
    return nodes;
  }

  /** What a file proves by a policy's text; a pack is read by its own policy where that is null. Throws NotProven. */
  async function check(raw, policyText, progress = () => {}) {
    if (raw.length > FILE_BYTES_MAX) throw new NotProven("too_large", { what: "file", bytes: FILE_BYTES_MAX });
    const policy = policyText === null ? null : policyIn(policyText);
    if (same(raw.subarray(0, HEADER.length), utf8(HEADER))) {
      if (!policy) throw new NotProven("no_policy");
      return checkProof(raw, policy);
    }
    if (raw[0] === 0x7b) return checkPack(raw, policy, progress);
    throw new NotProven(raw.length ? "neither" : "empty");
  }

  return { check, policyIn, hasEd25519, sha256, NotProven, FILE_BYTES_MAX, methods: { ED25519, COSIGNATURE, ML_DSA_44 } };
})();
