// Builds ../assets from the sources here: style sheets (left-to-right and right-to-left), fonts and the script, with
// content-hashed names, a manifest and precompressed copies. The same sources always give the same bytes.
//
//   node build.mjs            write ../assets
//   node build.mjs --check    fail when ../assets is not what the sources give, or a template uses an unknown class
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync, constants } from "node:zlib";
import { transformSync } from "esbuild";
import { transform as lightning, Features } from "lightningcss";
import postcss from "postcss";
import { PurgeCSS } from "purgecss";
import rtlcss from "rtlcss";
import subset from "subset-font";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "assets");
const modules = join(here, "node_modules");
const read = (...path) => readFileSync(join(here, ...path), "utf8");
const list = (folder, ending) => readdirSync(join(here, folder)).filter((name) => name.endsWith(ending)).sort();

// Chrome 87 and Safari 14: what cheap phones that are still in use bring along.
const targets = { chrome: 87 << 16, safari: 14 << 16, ios_saf: 14 << 16, firefox: 85 << 16 };

/** Class names of a text in markdown, HTML or askama: every word of every class attribute. */
function classesOf(text) {
  const names = new Set();
  for (const [, value] of text.matchAll(/class="([^"]*)"/g)) {
    // A template may choose between classes; the words of string literals count, the words of expressions do not.
    const literal = value.replace(/\{%.*?%\}/gs, " ").replace(/\{\{(.*?)\}\}/gs, (_, code) => (code.match(/"[^"]*"/g) ?? []).join(" ").replaceAll('"', " "));
    for (const name of literal.split(/\s+/)) if (/^[a-z][\w-]*$/i.test(name) && !name.endsWith("--")) names.add(name);
  }
  return names;
}

/** KERN, reduced to the classes and elements that COMPONENTS.md shows: what is not documented there does not exist here. */
async function kern() {
  const css = readFileSync(join(modules, "@kern-ux/native/dist/kern.css"), "utf8");
  const wanted = [...classesOf(read("COMPONENTS.md"))].filter((name) => name.startsWith("kern-"));
  const [purged] = await new PurgeCSS().purge({
    content: [{ raw: wanted.join(" "), extension: "txt" }],
    css: [{ raw: css }],
    extractors: [{ extensions: ["txt"], extractor: (text) => text.split(" ") }],
    safelist: { standard: [/^(html|body|\*|:root|a|p|h[1-6]|ul|ol|li|summary|details|legend|label|input|select|option|textarea|button|table|tr|td|th)$/, /^data-kern-theme/] },
    variables: true,
    fontFace: true,
    keyframes: true,
  });
  return postcss([dropFonts, keepComponents]).process(purged.css, { from: undefined }).css;
}

/** Fonts come from our own subset. */
const dropFonts = { postcssPlugin: "drop-fonts", AtRule: { "font-face": (rule) => rule.remove(), charset: (rule) => rule.remove() } };

/**
 * KERN's selectors without a KERN class would reach into our own elements; its palette is replaced by css/10-tokens.css; what it
 * writes as a second value of a property that exists is never used.
 */
const keepComponents = {
  postcssPlugin: "keep-components",
  Once(root) {
    root.walkComments((comment) => comment.remove());
    root.walkDecls((declaration) => {
      if (declaration.prop.startsWith("--kern-color-") || declaration.prop.startsWith("--kern-shadow-color")) declaration.remove();
      else declaration.value = declaration.value.replace(/var\((--kern-(?:color|metric|typography)-[\w-]+),\s*(?:[^()]|\([^()]*\))*\)/g, "var($1)");
    });
    root.walkRules((rule) => {
      if (/keyframes$/.test(rule.parent.name ?? "")) return;
      const selectors = rule.selectors.filter((selector) => /\.kern-|^:root$/.test(selector) && !/data-kern-theme|\.kern-(dark|light|level|layer|dialog)/.test(selector));
      if (selectors.length === 0 || rule.nodes.length === 0) rule.remove();
      else rule.selectors = selectors;
    });
  },
};

/** A drawing as the address of itself. */
function dataUrl(...path) {
  const svg = read(...path).trim().replace(/\s*\n\s*/g, "").replaceAll('"', "'").replaceAll("#", "%23").replaceAll("<", "%3C").replaceAll(">", "%3E");
  return `data:image/svg+xml,${svg}`;
}

/** One class per icon, coloured by the text around it. */
function icons() {
  return list("icons", ".svg").map((file) => `.bb-icon--${file.slice(0, -4)}{--bb-icon:url("${dataUrl("icons", file)}")}`).join("\n");
}

function minify(css, name) {
  return Buffer.from(lightning({ filename: name, code: Buffer.from(css), minify: true, targets, exclude: Features.LogicalProperties | Features.DirSelector }).code);
}

const files = new Map(); // name in ../assets -> bytes
const manifest = {}; // name in a template -> name in ../assets

function add(name, bytes, compress) {
  const dot = name.lastIndexOf(".");
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const hashed = `${name.slice(0, dot)}.${hash}${name.slice(dot)}`;
  manifest[name] = hashed;
  files.set(hashed, bytes);
  if (compress) {
    files.set(`${hashed}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
    const gz = gzipSync(bytes, { level: 9 });
    gz[9] = 255; // the operating system is written into the header; leave it unknown
    files.set(`${hashed}.gz`, gz);
  }
  return hashed;
}

/** The letters German text needs in one small file; the rest of Latin in a second one that a page loads only when it uses it. */
async function fonts() {
  const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const core = [...range(0x20, 0x7e), ...[..."ÄÖÜäöüßẞ§€©°·«»‹›„“”‚‘’–—…×−•→←✓²³éèêàáâçñôîïë\u00a0"].map((c) => c.codePointAt(0))].sort((a, b) => a - b);
  const rest = [...range(0xa0, 0xff), 0x152, 0x153, 0x178, 0x20ac].filter((c) => !core.includes(c));
  const unicode = (codes) => {
    const parts = [];
    for (const c of codes) {
      const last = parts.at(-1);
      if (last && last[1] === c - 1) last[1] = c;
      else parts.push([c, c]);
    }
    return parts.map(([a, b]) => `U+${a.toString(16)}${a === b ? "" : `-${b.toString(16)}`}`).join(",");
  };
  let css = "";
  for (const weight of [400, 600]) {
    for (const [part, codes] of [["core", core], ["latin", rest]]) {
      const source = readFileSync(join(modules, `@fontsource/fira-sans/files/fira-sans-latin-${weight}-normal.woff2`));
      const bytes = await subset(source, String.fromCodePoint(...codes), { targetFormat: "woff2", noHinting: true, noLayoutClosure: true, keepFeatures: ["kern", "tnum", "mark", "ccmp"] });
      const file = add(`fira-sans-${part}-${weight}.woff2`, bytes, false);
      css += `@font-face{font-family:"Fira Sans";font-style:normal;font-weight:${weight};font-display:swap;src:url(${file}) format("woff2");unicode-range:${unicode(codes)}}\n`;
    }
  }
  return css;
}

async function build() {
  const faces = await fonts();
  const vendor = await kern();
  const own = list("css", ".css").map((file) => read("css", file)).join("\n").replace(/drawing:([a-z-]+)/g, (_, name) => dataUrl("drawings", `${name}.svg`));
  const drawings = icons();
  add("portal.css", minify(`${faces}${vendor}\n${own}\n${drawings}`, "portal.css"), true);
  // Our own rules use logical properties and turn by themselves; KERN's are physical and are turned here.
  add("portal.rtl.css", minify(`${faces}${rtlcss.process(vendor)}\n${own}\n${drawings}`, "portal.rtl.css"), true);
  const script = transformSync(read("js", "portal.js"), { minify: true, target: ["chrome87", "safari14"], supported: { destructuring: true }, format: "iife", charset: "utf8" }).code;
  add("portal.js", Buffer.from(script), true);
  const mark = Buffer.from(read("favicon.svg").trim() + "\n");
  add("favicon.svg", mark, false);
  files.set("manifest.json", Buffer.from(`${JSON.stringify(Object.fromEntries(Object.entries(manifest).sort()), null, 2)}\n`));
  files.set("LICENSES.md", Buffer.from(read("LICENSES.md")));
  const size = (name) => `${name.padEnd(26)} ${String(files.get(manifest[name]).length).padStart(7)} B${files.has(`${manifest[name]}.br`) ? `  ${String(files.get(`${manifest[name]}.br`).length).padStart(6)} B br` : ""}`;
  const limits = { "portal.js": 5 * 1024 };
  for (const [name, limit] of Object.entries(limits)) if (files.get(manifest[name]).length > limit) throw new Error(`${name} is larger than ${limit} bytes`);
  return Object.keys(manifest).sort().map(size).join("\n");
}

function templates(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? templates(join(folder, entry.name)) : entry.name.endsWith(".html") ? [join(folder, entry.name)] : []));
}

/** Classes in templates that no rule of the built style sheet knows, as lines "file: class". */
function unknownClasses() {
  const css = files.get(manifest["portal.css"]).toString();
  const known = new Set([...css.matchAll(/\.((?:[\w-]|\\.)+)/g)].map(([, name]) => name.replaceAll("\\", "")));
  const folder = join(here, "..", "templates");
  return templates(folder).flatMap((file) => [...classesOf(readFileSync(file, "utf8"))].filter((name) => /^(bb|kern)-/.test(name) && !known.has(name)).map((name) => `${relative(folder, file)}: ${name}`));
}

const report = await build();
const unknown = unknownClasses();
if (process.argv.includes("--check")) {
  const there = existsSync(out) ? readdirSync(out).sort() : [];
  // Another zlib packs the same content differently.
  const plain = (name, bytes) => (name.endsWith(".gz") ? gunzipSync(bytes) : name.endsWith(".br") ? brotliDecompressSync(bytes) : bytes);
  const same = (name) => files.has(name) && there.includes(name) && plain(name, files.get(name)).equals(plain(name, readFileSync(join(out, name))));
  const wrong = [...new Set([...there, ...files.keys()])].filter((name) => !same(name)).sort();
  if (wrong.length) console.error(`not what the sources give, run the build again: ${wrong.join(", ")}`);
  if (unknown.length) console.error(`classes that no rule knows:\n  ${unknown.join("\n  ")}`);
  process.exit(wrong.length || unknown.length ? 1 : 0);
}
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const [name, bytes] of files) writeFileSync(join(out, name), bytes);
console.log(report);
if (unknown.length) console.warn(`classes that no rule knows:\n  ${unknown.join("\n  ")}`);
