// What the official Lezer grammar of the Prometheus project reads of a query: independent of promsight and of the Go
// parser. It recovers from errors, so that names are found in broken queries too.
import { parser } from '@prometheus-io/lezer-promql';

/** The value of a string literal. */
export function unquote(literal) {
  if (literal[0] === '`') return literal.slice(1, -1);
  const short = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
  return literal.slice(1, -1).replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs,
    (_, x, u, U, octal, other) => {
      const code = x ?? u ?? U;
      if (code !== undefined) return String.fromCodePoint(parseInt(code, 16));
      return octal === undefined ? short[other] ?? other : String.fromCodePoint(parseInt(octal, 8));
    });
}

/** `{ ok, selectors: [{ name, regex, from, to }] }`; `name` is null where a selector has no exact name. */
export function read(query) {
  const result = { ok: true, selectors: [] };
  const text = (node) => query.slice(node.from, node.to);
  parser.parse(query).iterate({
    enter(reference) {
      if (reference.type.isError) result.ok = false;
      if (reference.name !== 'VectorSelector') return;
      const node = reference.node;
      const selector = { name: null, regex: null, from: node.from, to: node.to };
      for (let child = node.firstChild; child; child = child.nextSibling) {
        if (child.name === 'Identifier') selector.name = text(child);
        if (child.name !== 'LabelMatchers') continue;
        for (let matcher = child.firstChild; matcher; matcher = matcher.nextSibling) {
          if (matcher.name === 'QuotedLabelName') {
            selector.name ??= unquote(text(matcher.getChild('StringLiteral') ?? matcher)) || null;
            continue;
          }
          const label = matcher.getChild('LabelName') ?? matcher.getChild('QuotedLabelName');
          const operator = matcher.getChild('MatchOp');
          const value = matcher.getChild('StringLiteral');
          if (!label || !operator || !value) continue;
          if (text(label).replace(/^["'`]|["'`]$/g, '') !== '__name__') continue;
          if (text(operator) === '=') selector.name ??= unquote(text(value)) || null;
          if (text(operator) === '=~') selector.regex ??= unquote(text(value));
        }
      }
      result.selectors.push(selector);
    },
  });
  return result;
}
