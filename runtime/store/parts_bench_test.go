package store

import (
	"path/filepath"
	"strconv"
	"testing"
)

// note is about as large as what is saved most often.
type note struct {
	Name, Image, Command string
	Labels               map[string]string
	Pid, Code            int
}

func some() note {
	return note{"web", "registry.example/library/httpd:2.4", "httpd-foreground", map[string]string{"a": "1", "b": "2"}, 4711, 0}
}

func lib(b *testing.B) Dir {
	b.Helper()
	s, err := Open(filepath.Join(b.TempDir(), "root"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s.Lib
}

func BenchmarkSave(b *testing.B) {
	for name, how := range map[string]Durability{"quick": Quick, "durable": Durable} {
		b.Run(name, func(b *testing.B) {
			d := lib(b)
			for b.Loop() {
				if err := d.Save("x.json", some(), how); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	d := lib(b)
	if err := d.Save("x.json", some(), Quick); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var got note
		if err := d.Load("x.json", &got); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClaim(b *testing.B) {
	d := lib(b)
	for b.Loop() {
		if err := d.Claim("name", "owner"); err != nil {
			b.Fatal(err)
		}
		if err := d.Release("name", "owner"); err != nil {
			b.Fatal(err)
		}
	}
}

// Two records of a new directory, made to last together and one after the other.
func BenchmarkFill(b *testing.B) {
	d := lib(b)
	n := some()
	for name, write := range map[string]func(dir string) error{
		"together": func(dir string) error { return d.Fill(dir, Durable, File{"a.json", n}, File{"b.json", n}) },
		"singly": func(dir string) error {
			if err := d.Save(dir+"/a.json", n, Durable); err != nil {
				return err
			}
			return d.Save(dir+"/b.json", n, Durable)
		},
	} {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				dir := name + strconv.Itoa(i)
				if err := d.Mkdir(dir, 0o700); err != nil {
					b.Fatal(err)
				}
				if err := write(dir); err != nil {
					b.Fatal(err)
				}
				if err := d.RemoveAll(dir); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
