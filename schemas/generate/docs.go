package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// docs are the comments on types and fields: by "payment.AuthorizedV1" and "payment.AuthorizedV1.Attempt".
type docs map[string]string

func typeKey(t reflect.Type) string { return t.String() }

func readDocs(root string) (docs, error) {
	d := docs{}
	for _, pattern := range []string{"*.go", "*/*.go"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			d.read(file)
		}
	}
	return d, nil
}

func (d docs) read(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		decl, ok := n.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			return true
		}
		for _, spec := range decl.Specs {
			typ := spec.(*ast.TypeSpec)
			name := file.Name.Name + "." + typ.Name.Name
			text := strings.TrimLeft(strings.TrimPrefix(decl.Doc.Text(), typ.Name.Name), ": ")
			d[name] = sentence(strings.TrimPrefix(text, "is "))
			if fields, ok := typ.Type.(*ast.StructType); ok {
				for _, f := range fields.Fields.List {
					for _, ident := range f.Names {
						d[name+"."+ident.Name] = sentence(f.Doc.Text() + f.Comment.Text())
					}
				}
			}
		}
		return false
	})
}

// sentence is a comment as a description: on one line, with a capital.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:]
}
