// Records what the Lezer grammar of the Prometheus project says of the queries in ../queries.txt, into ../lezer.json.
//
// To record again: npm install && node lezer-record.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { read } from './lezer.mjs';

const lines = readFileSync('../queries.txt', 'utf8').split('\n');
const queries = lines.filter((line) => line !== '' && !line.startsWith('## '));
const cases = queries.map((line) => {
  const query = line.replaceAll('⏎', '\n').replaceAll('⇥', '\t');
  const { ok, selectors } = read(query);
  return JSON.stringify({ query, ok, names: selectors.map((selector) => selector.name) });
});
writeFileSync('../lezer.json', `[\n  ${cases.join(',\n  ')}\n]\n`);
