module github.com/propusk/propusk

go 1.26.0
