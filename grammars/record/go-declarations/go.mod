module promsight/grammars/record/go-declarations

go 1.24
