// Compares what promsight reads of real dashboards and rules with what other parsers find in the same files.
//
// Started by `cargo xtask corpus FOLDER...`, which writes one JSON object for each query to stdin: its file, text, how
// well it was read, and the names of its selectors. This program finds the expressions of the same files by itself
// (JSON.parse, the yaml package), their names by the Lezer grammar, and prints figures and every difference. It exits
// with 1 where a query was dropped or lacks a name.
//
// With RECORD=1 in the environment it writes the figures, and the names of the folders, into ../corpus.json.
import { readFileSync, readdirSync, lstatSync, writeFileSync } from 'node:fs';
import { basename, join, extname } from 'node:path';
import { createInterface } from 'node:readline';
import { parseAllDocuments } from 'yaml';
import { read } from './lezer.mjs';

/** Stands for a template variable in a name. */
const VARIABLE = 'XvariableX';
const LIMIT = Number(process.env.LIMIT ?? 40);

function* files(folder) {
  for (const entry of readdirSync(folder).sort()) {
    const path = join(folder, entry);
    const status = lstatSync(path);
    if (status.isDirectory()) yield* files(path);
    else if (status.isFile() && /\.(json|ya?ml|rules?)$/i.test(extname(path))) yield path;
  }
}

/** Every dashboard in a document: the document, `dashboard` of an API's answer, or anything nested that has panels. */
function* dashboards(value) {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value.panels) || Array.isArray(value.rows)) return yield value;
  for (const inner of Object.values(value)) yield* dashboards(inner);
}

/** Whether a datasource is none of Prometheus'; `variables` are the types of the dashboard's datasource variables. */
const isOther = (source, variables) => {
  const type = typeof source === 'object' && source ? source.type ?? source.uid : source;
  if (typeof type !== 'string') return false;
  const variable = /^\$\{?(\w+)\}?$/.exec(type);
  if (variable) return variables.has(variable[1]) && isOther(variables.get(variable[1]), new Map());
  return /loki|influx|elastic|mysql|postgres|mssql|clickhouse|cloudwatch|tempo|graphite|testdata|-logs-|-- /i.test(type);
};

const datasources = (board) => new Map((Array.isArray(board.templating?.list) ? board.templating.list : [])
  .filter((variable) => variable?.type === 'datasource').map((variable) => [variable.name, variable.query]));

/** The expressions of the panels of a dashboard, other languages left out as far as their datasource says. */
function* targets(value, source, variables) {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const inner of value) yield* targets(inner, source, variables);
    return;
  }
  const own = value.datasource ?? source;
  if (Array.isArray(value.targets)) {
    for (const target of value.targets) {
      const expression = target?.expr;
      if (typeof expression === 'string' && expression.trim() && !isOther(target.datasource ?? own, variables)) yield expression;
    }
  }
  for (const [key, inner] of Object.entries(value)) if (key !== 'targets') yield* targets(inner, own, variables);
}

/** The expressions of rules: anything nested that is a list of groups with rules. */
function* rules(value) {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value.groups)) {
    for (const group of value.groups) {
      for (const rule of Array.isArray(group?.rules) ? group.rules : []) {
        const isRule = rule && (rule.alert !== undefined || rule.record !== undefined);
        if (isRule && rule.expr !== undefined && rule.expr !== null) yield String(rule.expr);
      }
    }
    return;
  }
  for (const inner of Object.values(value)) yield* rules(inner);
}

function documents(path) {
  const text = readFileSync(path, 'utf8');
  if (/\.json$/i.test(path)) {
    try { return [JSON.parse(text.replace(/^\ufeff/, ''))]; } catch { return null; }
  }
  if (!/groups:|panels|rows/.test(text)) return [];
  const parsed = parseAllDocuments(text, { uniqueKeys: false, logLevel: 'silent' });
  if (!Array.isArray(parsed) || parsed.some((document) => document.errors.length > 0)) return null;
  try { return parsed.map((document) => document.toJS({ maxAliasCount: 1000 })); } catch { return null; }
}

/** Dashboards that stand as strings in a ConfigMap. */
function* embedded(value) {
  if (typeof value === 'string') {
    if (value.length > 20 && /^\s*\{/.test(value) && /"(panels|rows)"/.test(value)) {
      try { yield JSON.parse(value); } catch { /* a template */ }
    } else if (/^\s*groups:/m.test(value)) {
      const parsed = parseAllDocuments(value, { uniqueKeys: false, logLevel: 'silent' });
      if (Array.isArray(parsed) && parsed.every((document) => document.errors.length === 0)) {
        try { for (const document of parsed) yield document.toJS(); } catch { /* too many aliases */ }
      }
    }
    return;
  }
  if (value && typeof value === 'object') for (const inner of Object.values(value)) yield* embedded(inner);
}

/** A query in which each template variable is a word, a duration or a number, whatever can stand there. */
function plain(query) {
  const variable = /\$\{[^}\n]*\}|\$__?\w+|\$[A-Za-z]\w*|\[\[\w+(?::\w+)?\]\]/g;
  let out = '';
  let from = 0;
  for (const match of query.matchAll(variable)) {
    const before = out + query.slice(from, match.index);
    const open = before.lastIndexOf('[');
    const inBrackets = open >= 0 && before.indexOf(']', open) < 0 && (before.split('"').length - 1) % 2 === 0;
    out = before + (inBrackets ? '5m' : VARIABLE);
    from = match.index + match[0].length;
  }
  return (out + query.slice(from)).replace(/5m(5m|[smhdwy])+/g, '5m').replace(/\boffset (XvariableX)/g, 'offset 5m');
}

const key = (text) => text.replace(/\s+/g, ' ').trim();

/** Whether a name with a variable in it is what promsight has: the pattern, or a name that the pattern allows. */
function has(names, name) {
  const pieces = name.split(VARIABLE);
  if (pieces.length === 1) return names.some((known) => known.exact === name);
  const pattern = pieces.join('*');
  const like = new RegExp(`^${pieces.map((piece) => piece.replace(/[^\w]/g, '\\$&')).join('.*')}$`);
  return names.some((known) => known.pattern === pattern || (known.exact !== undefined && like.test(known.exact)) ||
    (known.pattern === undefined && pieces.every((piece) => piece === '')));
}

const ours = new Map();
const count = { queries: 0, parsed: 0, templated: 0, unreadable: 0, flow: 0, kinds: {} };
const unreadable = [];
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (!line.trim()) continue;
  const query = JSON.parse(line);
  count.queries += 1;
  count[query.state] += 1;
  count.flow += query.flow ? 1 : 0;
  count.kinds[query.kind] = (count.kinds[query.kind] ?? 0) + 1;
  if (!ours.has(query.path)) ours.set(query.path, new Map());
  ours.get(query.path).set(key(query.text), query);
  if (query.state === 'unreadable') unreadable.push(query);
}

const found = { dashboards: 0, rules: 0, panels: 0, unparsed: 0, compared: 0, names: 0, lezerErrors: 0, others: 0 };
/** Test data that is broken on purpose. */
const isBroken = (path) => /\bbad\b|invalid/.test(basename(path));
const differences = { dropped: [], unreadable: [], missing: [], extra: [] };
for (const folder of process.argv.slice(2)) {
  for (const path of files(folder)) {
    if (isBroken(path)) continue;
    const all = documents(path);
    if (all === null) { found.unparsed += 1; continue; }
    const nested = all.flatMap((document) => [...embedded(document)]);
    const expressions = [];
    for (const document of [...all, ...nested]) {
      const boards = [...dashboards(document)];
      for (const board of boards) {
        const here = [...targets(board, null, datasources(board))];
        if (here.length > 0) found.dashboards += 1;
        found.panels += here.length;
        expressions.push(...here);
      }
      const here = [...rules(document)];
      found.rules += here.length;
      expressions.push(...here);
    }
    for (const expression of expressions) compare(path, expression);
  }
}

function compare(path, expression) {
  const query = ours.get(path)?.get(key(expression));
  const lezer = read(plain(expression));
  const show = (more) => `${path}\n    ${key(expression).slice(0, 300)}${more ? `\n    ${more}` : ''}`;
  if (!query) {
    // What Lezer does not read and promsight does not have is another language.
    if (lezer.ok && lezer.selectors.length > 0) differences.dropped.push(show());
    else found.others += 1;
    return;
  }
  found.compared += 1;
  if (!lezer.ok) found.lezerErrors += 1;
  if (lezer.ok && query.state === 'unreadable') differences.unreadable.push(show(query.message));
  const theirs = lezer.selectors.flatMap((selector) => selector.name === null ? [] : [selector.name]);
  if (!lezer.ok) return;
  found.names += theirs.length;
  const isLone = (name) => name === VARIABLE;
  const missing = theirs.filter((name) => !isLone(name) && !has(query.names, name));
  if (missing.length > 0) {
    differences.missing.push(show(missing.join(', ')));
  }
  const extra = query.names.filter((known) => known.exact !== undefined && !theirs.includes(known.exact) &&
    !theirs.some((name) => name.includes(VARIABLE) && has([known], name)));
  if (extra.length > 0) {
    differences.extra.push(show(extra.map((known) => known.exact).join(', ')));
  }
}

console.log(JSON.stringify({ ours: count, others: found }, null, 2));
for (const [kind, list] of Object.entries(differences)) {
  console.log(`\n== ${kind}: ${list.length}`);
  for (const line of [...new Set(list)].slice(0, LIMIT)) console.log(`  ${line}`);
}
console.log(`\n== unreadable for promsight in all that it read: ${unreadable.length}`);
for (const query of unreadable.slice(0, LIMIT)) console.log(`  ${query.path} (${query.kind})\n    ${key(query.text).slice(0, 300)}\n    ${query.message}`);
if (process.env.RECORD) {
  const { unparsed, others, ...figures } = found;
  for (const [kind, list] of Object.entries(differences)) figures[kind] = list.length;
  const repositories = process.argv.slice(2).map((folder) => basename(folder).replace('+', '/')).sort();
  writeFileSync('../corpus.json', `${JSON.stringify({ figures, repositories }, null, 2)}\n`);
}
process.exit(differences.dropped.length + differences.missing.length > 0 ? 1 : 0);
