// Records which texts the real Prometheus 3 matcher (`=~`) takes for each pattern below, into ../../patterns.json.
//
// To record again: cd testdata/promql/record/patterns && go run .
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"

	"github.com/prometheus/prometheus/model/labels"
)

var patterns = []string{
	``, `a`, `abc`, `a.*`, `.*`, `.+`, `a|b`, `(a|b)c`, `a?`, `a*b`, `[abc]+`, `[^a]`, `(?i)abc`, `(?i:A)b`, `^abc$`, `a$|b`,
	`a{2}`, `a{2,}`, `a{1,2}`, `a{`, `a{x}`, `{a}`, `{}`, `a{,2}`, `a}`, `x{1,2,3}`, `/users/{id}`, `a{2}{`,
	`\d`, `\d+`, `\D`, `\w+`, `\W`, `\s`, `\S+`, `\bab\b`, `a\b.*`, `[\d]+`, `[\w-]+`, `[^\d]`, `[\D]`, `[\s\d]`, `[^\W]`,
	`\Qa.b\E`, `\Qa.b`, `\Q(\E+`, `a\.b`, `a\-b`, `a\_b`, `\<a\>`, `a\/b`, `\x41`, `\x{41}`, `\101`, `\t`, `\n`,
	`[[]`, `[[a]`, `[a[]`, `[[:alpha:]]+`, `[[:^alpha:]]`, `[a[:digit:]]+`, `[]a]`, `[^]a]`, `[a&&b]`, `[a~~b]`, `[a-]`,
	`[-a]`, `[+--]`, `[a\]]`, `[&]`, `[a.]`, `[{}]`, `[\[]`, `[a-c&&b]+`,
	`a.b`, `a\nb`, `(?s)a.b`, `(?-s)a.b`, `(?m)^b`, `a+?`, `(?U)a+`, `(?P<n>a)`, `(?:a)`, `()`, `a||b`, `|`, `é`, `.`, `..`,
	`\pL`, `\p{Greek}`, `\PL`, `[\pL]+`, `5..`, `(4|5)..`, `[45]\d\d`, `prod-.+|stage-.+`, `a.*b.*c`, `(?i)É`, `\A.*\z`,
}

var texts = []string{
	"", "a", "b", "c", "ab", "abc", "ABC", "aa", "aaa", "a{", "a{x}", "{a}", "{}", "a{,2}", "a}", "x{1,2,3}", "/users/{id}",
	"aa{", "1", "12", "500", "404", "٣", "é", "É", "éa", "_", "a_b", "-", " ", "\t", "\n", "a\nb", "a.b", "a-b", "a/b", "axb",
	"<a>", "(", "((", "A", "[", "]", "&", "~", "+", "a&&b", "\\", ".", "{", "α", "漢", "prod-1", "stage-", "ac", "aXbYc", "\u00a0",
}

func main() {
	recorded := map[string]map[string]bool{}
	for _, pattern := range patterns {
		matcher, err := labels.NewMatcher(labels.MatchRegexp, "l", pattern)
		if err != nil {
			log.Printf("%q is refused: %v", pattern, err)
			continue
		}
		recorded[pattern] = map[string]bool{}
		for _, text := range texts {
			recorded[pattern][text] = matcher.Matches(text)
		}
	}
	var out bytes.Buffer
	out.WriteString("{\n")
	for i, pattern := range patterns {
		answers, ok := recorded[pattern]
		if !ok {
			continue
		}
		if i > 0 {
			out.WriteString(",\n")
		}
		name, _ := json.Marshal(pattern)
		value, err := json.Marshal(answers)
		if err != nil {
			log.Fatal(err)
		}
		out.WriteString("  " + string(name) + ": " + string(value))
	}
	out.WriteString("\n}\n")
	if err := os.WriteFile("../../patterns.json", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
