// Command go-declarations lists the metric families that Go source declares through client_golang or a package with
// its shape (component-base/metrics, promauto), without building or running it.
//
//	go run . [-include PREFIX[,PREFIX]] [-skip SUBSTRING[,SUBSTRING]] [-assume NAME=TEXT] FOLDER... >table 2>unresolved
//
// kube-state-metrics' family generators count as declarations too. Names are evaluated from literals, constants (of the package, of another package of the tree, of the function),
// concatenation, fmt.Sprintf and BuildFQName. The type of a NewDesc is taken from the value type beside it, else
// from the calls that use the variable or field it is stored in. What can't be evaluated is printed to stderr.
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

type family struct {
	kind   string
	labels []string // nil: not known
}

// unit is one folder's package: its files and its package-level string expressions.
type unit struct {
	folder string
	files  []*ast.File
	values map[string]ast.Expr
	homes  map[string]*ast.File // the file whose imports a value's expression is read with
	uses   map[string]string    // variable or field name -> type, from MustNewConstMetric calls
}

type reader struct {
	files    *token.FileSet
	units    map[string]*unit
	families map[string]family
	assumed  map[string]string
}

var constructors = map[string]string{
	"NewCounter": "counter", "NewCounterVec": "counter", "NewCounterFunc": "counter", "NewLazyCounter": "counter",
	"NewGauge": "gauge", "NewGaugeVec": "gauge", "NewGaugeFunc": "gauge",
	"NewHistogram": "histogram", "NewHistogramVec": "histogram",
	"NewTimingHistogram": "histogram", "NewTimingHistogramVec": "histogram",
	"NewSummary": "summary", "NewSummaryVec": "summary",
	"NewUntypedFunc": "untyped",
	"NewSum": "counter", "NewDerivedGauge": "gauge", "NewDistribution": "histogram",
	"NewCounterFrom": "counter", "NewGaugeFrom": "gauge", "NewHistogramFrom": "histogram", "NewSummaryFrom": "summary",
}

// Constructors whose first argument is the name itself (Istio's monitoring package).
var named = map[string]bool{"NewSum": true, "NewGauge": true, "NewDerivedGauge": true, "NewDistribution": true}

var options = map[string]string{
	"CounterOpts": "counter", "CounterVecOpts": "counter", "GaugeOpts": "gauge", "GaugeVecOpts": "gauge",
	"HistogramOpts": "histogram", "HistogramVecOpts": "histogram", "TimingHistogramOpts": "histogram",
	"SummaryOpts": "summary", "SummaryVecOpts": "summary",
}

var valueTypes = map[string]string{"CounterValue": "counter", "GaugeValue": "gauge", "UntypedValue": "untyped"}

func main() {
	include := flag.String("include", "", "comma-separated prefixes of the names to print; all without it")
	skip := flag.String("skip", "", "comma-separated parts of paths to leave out")
	assume := flag.String("assume", "", "comma-separated NAME=TEXT: what parameters and fields of that name hold")
	flag.Parse()
	r := &reader{
		files: token.NewFileSet(), units: map[string]*unit{}, families: map[string]family{}, assumed: map[string]string{},
	}
	for _, pair := range split(*assume) {
		name, text, _ := strings.Cut(pair, "=")
		r.assumed[name] = text
	}
	for _, root := range flag.Args() {
		r.load(root, split(*skip))
	}
	var folders []string
	for folder := range r.units {
		folders = append(folders, folder)
	}
	sort.Strings(folders)
	for _, folder := range folders {
		r.collect(r.units[folder])
	}
	var names []string
	for name := range r.families {
		if admitted(name, split(*include)) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		found := r.families[name]
		tail := ""
		if found.labels != nil {
			tail = " -"
			if len(found.labels) > 0 {
				sort.Strings(found.labels)
				tail = " " + strings.Join(found.labels, ",")
			}
		}
		fmt.Printf("%s %s%s\n", name, found.kind, tail)
	}
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func admitted(name string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return len(prefixes) == 0
}

func (r *reader) load(root string, skip []string) {
	filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		name := entry.Name()
		for _, part := range skip {
			if strings.Contains(path, part) {
				if entry.IsDir() {
					return filepath.SkipDir
				}
				return nil
			}
		}
		if entry.IsDir() {
			if name == "testdata" || name == "vendor" || name == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(r.files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil
		}
		folder := filepath.Dir(path)
		u := r.units[folder]
		if u == nil {
			u = &unit{folder: folder, values: map[string]ast.Expr{}, homes: map[string]*ast.File{}, uses: map[string]string{}}
			r.units[folder] = u
		}
		u.files = append(u.files, file)
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range general.Specs {
				value, ok := spec.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for i, ident := range value.Names {
					if i < len(value.Values) {
						u.values[ident.Name] = value.Values[i]
						u.homes[ident.Name] = file
					}
				}
			}
		}
		return nil
	})
}

// scope is where an expression stands: its package, its file's imports, its function's own strings.
type scope struct {
	r       *reader
	u       *unit
	file    *ast.File
	locals  map[string]ast.Expr
	depth   int
	missing string
}

func (r *reader) collect(u *unit) {
	for _, file := range u.files {
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			name := lastName(call.Fun)
			kind := ""
			switch {
			case strings.HasSuffix(name, "NewConstMetric"), strings.HasSuffix(name, "NewLazyConstMetric"):
				kind = valueTypes[lastName(call.Args[1])]
			case strings.HasSuffix(name, "NewConstHistogram"):
				kind = "histogram"
			case strings.HasSuffix(name, "NewConstSummary"):
				kind = "summary"
			}
			if target := lastName(call.Args[0]); kind != "" && target != "" {
				u.uses[target] = kind
			}
			return true
		})
	}
	for _, file := range u.files {
		for _, declaration := range file.Decls {
			locals := map[string]ast.Expr{}
			ast.Inspect(declaration, func(node ast.Node) bool {
				switch node := node.(type) {
				case *ast.AssignStmt:
					for i, left := range node.Lhs {
						if ident, ok := left.(*ast.Ident); ok && len(node.Lhs) == len(node.Rhs) {
							if _, known := locals[ident.Name]; !known {
								locals[ident.Name] = node.Rhs[i]
							}
						}
					}
				case *ast.ValueSpec:
					for i, ident := range node.Names {
						if i < len(node.Values) {
							locals[ident.Name] = node.Values[i]
						}
					}
				}
				return true
			})
			s := &scope{r: r, u: u, file: file, locals: locals}
			var stack []ast.Node
			seen := map[ast.Node]bool{}
			ast.Inspect(declaration, func(node ast.Node) bool {
				if node == nil {
					stack = stack[:len(stack)-1]
					return true
				}
				stack = append(stack, node)
				switch node := node.(type) {
				case *ast.CallExpr:
					s.call(node, stack, seen)
				case *ast.CompositeLit:
					if kind, ok := options[lastName(node.Type)]; ok && !seen[node] {
						s.options(node, kind, nil, false)
					}
				}
				return true
			})
		}
	}
}

func (s *scope) call(call *ast.CallExpr, stack []ast.Node, seen map[ast.Node]bool) {
	name := lastName(call.Fun)
	if name == "NewDesc" && len(call.Args) >= 2 {
		var labels []string
		known := false
		if len(call.Args) >= 3 {
			labels, known = s.strings(call.Args[2])
		}
		if len(call.Args) >= 4 && known {
			if more, ok := s.keys(call.Args[3]); ok {
				labels = append(labels, more...)
			} else {
				known = false
			}
		}
		s.add(call.Args[0], s.descType(stack), labels, known)
		return
	}
	if strings.HasPrefix(name, "NewFamilyGenerator") && len(call.Args) >= 3 {
		s.add(call.Args[0], strings.ToLower(lastName(call.Args[2])), nil, false)
		return
	}
	kind, ok := constructors[name]
	if !ok || len(call.Args) == 0 {
		return
	}
	first := call.Args[0]
	if unary, ok := first.(*ast.UnaryExpr); ok {
		first = unary.X
	}
	literal, ok := first.(*ast.CompositeLit)
	if !ok && named[name] {
		s.add(first, kind, nil, false)
		return
	}
	if !ok {
		// promauto.With(...).NewX(opts), or options in a variable.
		return
	}
	seen[literal] = true
	var labels []string
	known := true
	if strings.HasSuffix(name, "Vec") || strings.HasSuffix(name, "From") {
		labels, known = nil, false
		if len(call.Args) >= 2 {
			labels, known = s.strings(call.Args[1])
		}
	}
	s.options(literal, kind, labels, known)
}

func (s *scope) options(literal *ast.CompositeLit, kind string, labels []string, known bool) {
	fields := map[string]ast.Expr{}
	flatten(literal, fields)
	name, ok := fields["Name"]
	if !ok {
		return
	}
	if constant, ok := fields["ConstLabels"]; ok && known {
		if more, ok := s.keys(constant); ok {
			labels = append(labels, more...)
		} else {
			known = false
		}
	}
	text := ""
	for _, part := range []ast.Expr{fields["Namespace"], fields["Subsystem"], name} {
		if part == nil {
			continue
		}
		value, ok := s.text(part)
		if !ok {
			s.report(literal)
			return
		}
		if text != "" && value != "" {
			text += "_"
		}
		text += value
	}
	s.record(literal, text, kind, labels, known)
}

func flatten(literal *ast.CompositeLit, fields map[string]ast.Expr) {
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if inner, ok := pair.Value.(*ast.CompositeLit); ok && lastName(pair.Key) == "Opts" {
				flatten(inner, fields)
				continue
			}
			fields[lastName(pair.Key)] = pair.Value
		}
	}
}

func (s *scope) add(name ast.Expr, kind string, labels []string, known bool) {
	text, ok := s.text(name)
	if !ok {
		s.report(name)
		return
	}
	s.record(name, text, kind, labels, known)
}

func (s *scope) report(node ast.Node) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", s.r.files.Position(node.Pos()), s.missing)
	s.missing = ""
}

func (s *scope) record(node ast.Node, text, kind string, labels []string, known bool) {
	for _, c := range text {
		if !(c == '_' || c == ':' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			fmt.Fprintf(os.Stderr, "%s: %q is no legal name\n", s.r.files.Position(node.Pos()), text)
			return
		}
	}
	if text == "" || text[0] >= '0' && text[0] <= '9' {
		return
	}
	if kind == "" {
		kind = "untyped"
		if strings.HasSuffix(text, "_total") {
			kind = "counter"
		}
	}
	if !known {
		labels = nil
	} else if labels == nil {
		labels = []string{}
	}
	if old, ok := s.r.families[text]; ok {
		if old.kind != "untyped" {
			kind = old.kind
		}
		if old.labels == nil || labels == nil {
			labels = nil
		} else {
			for _, label := range old.labels {
				if !contains(labels, label) {
					labels = append(labels, label)
				}
			}
		}
	}
	s.r.families[text] = family{kind, labels}
}

func contains(list []string, text string) bool {
	for _, item := range list {
		if item == text {
			return true
		}
	}
	return false
}

// descType looks for a value type beside the call, then for the uses of what the call is stored in.
func (s *scope) descType(stack []ast.Node) string {
	for i := len(stack) - 2; i >= 0 && i >= len(stack)-4; i-- {
		var elements []ast.Expr
		switch node := stack[i].(type) {
		case *ast.CompositeLit:
			elements = node.Elts
		case *ast.CallExpr:
			elements = node.Args
			if strings.HasSuffix(lastName(node.Fun), "NewConstHistogram") {
				return "histogram"
			}
			if strings.HasSuffix(lastName(node.Fun), "NewConstSummary") {
				return "summary"
			}
		case *ast.AssignStmt:
			for j, right := range node.Rhs {
				if contained(right, stack[len(stack)-1]) && j < len(node.Lhs) {
					if kind := s.u.uses[lastName(node.Lhs[j])]; kind != "" {
						return kind
					}
				}
			}
		case *ast.ValueSpec:
			for j, right := range node.Values {
				if contained(right, stack[len(stack)-1]) && j < len(node.Names) {
					if kind := s.u.uses[node.Names[j].Name]; kind != "" {
						return kind
					}
				}
			}
		case *ast.KeyValueExpr:
			if kind := s.u.uses[lastName(node.Key)]; kind != "" {
				return kind
			}
		}
		for _, element := range elements {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				element = pair.Value
			}
			if kind := valueTypes[lastName(element)]; kind != "" {
				return kind
			}
		}
	}
	return ""
}

func contained(outer ast.Expr, inner ast.Node) bool {
	return outer.Pos() <= inner.Pos() && inner.End() <= outer.End()
}

func lastName(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.Ident:
		return expression.Name
	case *ast.SelectorExpr:
		return expression.Sel.Name
	case *ast.StarExpr:
		return lastName(expression.X)
	case *ast.IndexExpr:
		return lastName(expression.X)
	}
	return ""
}

// lookup finds the expression that a name stands for, and the scope it stands in.
func (s *scope) lookup(expression ast.Expr) (ast.Expr, *scope) {
	switch expression := expression.(type) {
	case *ast.Ident:
		if value, ok := s.locals[expression.Name]; ok {
			return value, s
		}
		if value, ok := s.u.values[expression.Name]; ok {
			return value, &scope{r: s.r, u: s.u, file: s.u.homes[expression.Name], depth: s.depth}
		}
	case *ast.SelectorExpr:
		alias, ok := expression.X.(*ast.Ident)
		if !ok {
			return nil, nil
		}
		for _, imported := range s.file.Imports {
			path, _ := strconv.Unquote(imported.Path.Value)
			name := path[strings.LastIndex(path, "/")+1:]
			if imported.Name != nil {
				name = imported.Name.Name
			}
			if name != alias.Name {
				continue
			}
			if u := s.r.unitOf(path); u != nil {
				if value, ok := u.values[expression.Sel.Name]; ok {
					return value, &scope{r: s.r, u: u, file: u.homes[expression.Sel.Name], depth: s.depth}
				}
			}
		}
	}
	return nil, nil
}

// unitOf finds the folder that an import path names, by the longest common tail.
func (r *reader) unitOf(path string) *unit {
	parts := strings.Split(path, "/")
	for drop := 0; drop < len(parts); drop++ {
		tail := "/" + strings.Join(parts[drop:], "/")
		var folders []string
		for folder := range r.units {
			if strings.HasSuffix(folder, tail) {
				folders = append(folders, folder)
			}
		}
		if len(folders) > 0 {
			sort.Slice(folders, func(i, j int) bool { return len(folders[i]) < len(folders[j]) })
			return r.units[folders[0]]
		}
	}
	return nil
}

func (s *scope) text(expression ast.Expr) (string, bool) {
	s.depth++
	defer func() { s.depth-- }()
	if s.depth > 20 {
		return "", false
	}
	switch expression := expression.(type) {
	case *ast.BasicLit:
		if expression.Kind == token.STRING {
			value, err := strconv.Unquote(expression.Value)
			return value, err == nil
		}
		return expression.Value, true
	case *ast.ParenExpr:
		return s.text(expression.X)
	case *ast.BinaryExpr:
		left, okLeft := s.text(expression.X)
		right, okRight := s.text(expression.Y)
		return left + right, okLeft && okRight && expression.Op == token.ADD
	case *ast.Ident, *ast.SelectorExpr:
		if value, where := s.lookup(expression); value != nil && value != expression {
			text, ok := where.text(value)
			if !ok {
				s.missing = where.missing
			}
			return text, ok
		}
	case *ast.CallExpr:
		switch name := lastName(expression.Fun); {
		case name == "BuildFQName" && len(expression.Args) == 3:
			joined := ""
			for _, argument := range expression.Args {
				part, ok := s.text(argument)
				if !ok {
					return "", false
				}
				if joined != "" && part != "" {
					joined += "_"
				}
				joined += part
			}
			return joined, true
		case name == "Sprintf" && len(expression.Args) > 0:
			format, ok := s.text(expression.Args[0])
			if !ok {
				return "", false
			}
			for _, argument := range expression.Args[1:] {
				part, ok := s.text(argument)
				if !ok {
					return "", false
				}
				format = strings.Replace(strings.Replace(format, "%v", "%s", 1), "%s", part, 1)
			}
			return format, true
		case name == "string" && len(expression.Args) == 1:
			return s.text(expression.Args[0])
		}
	}
	if text, ok := s.r.assumed[lastName(expression)]; ok {
		return text, true
	}
	s.missing = fmt.Sprintf("%s: %T", s.r.files.Position(expression.Pos()), expression)
	if name := lastName(expression); name != "" {
		s.missing += " " + name
	}
	return "", false
}

// strings evaluates a label list: `nil`, a literal, a variable, or append of those.
func (s *scope) strings(expression ast.Expr) ([]string, bool) {
	s.depth++
	defer func() { s.depth-- }()
	if s.depth > 20 {
		return nil, false
	}
	switch expression := expression.(type) {
	case *ast.CompositeLit:
		list := []string{}
		for _, element := range expression.Elts {
			text, ok := s.text(element)
			if !ok {
				return nil, false
			}
			list = append(list, text)
		}
		return list, true
	case *ast.Ident:
		if expression.Name == "nil" {
			return []string{}, true
		}
	case *ast.CallExpr:
		if lastName(expression.Fun) == "append" && len(expression.Args) > 0 {
			list, ok := s.strings(expression.Args[0])
			if !ok {
				return nil, false
			}
			list = append([]string{}, list...)
			if expression.Ellipsis.IsValid() && len(expression.Args) == 2 {
				more, ok := s.strings(expression.Args[1])
				return append(list, more...), ok
			}
			for _, argument := range expression.Args[1:] {
				text, ok := s.text(argument)
				if !ok {
					return nil, false
				}
				list = append(list, text)
			}
			return list, true
		}
		return nil, false
	}
	if value, where := s.lookup(expression); value != nil && value != expression {
		return where.strings(value)
	}
	return nil, false
}

// keys evaluates the names of constant labels.
func (s *scope) keys(expression ast.Expr) ([]string, bool) {
	if ident, ok := expression.(*ast.Ident); ok && ident.Name == "nil" {
		return []string{}, true
	}
	literal, ok := expression.(*ast.CompositeLit)
	if !ok {
		return nil, false
	}
	list := []string{}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			return nil, false
		}
		text, ok := s.text(pair.Key)
		if !ok {
			return nil, false
		}
		list = append(list, text)
	}
	return list, true
}
