// Verifies the folder of a ledger with golang.org/x/mod/sumdb, which knows nothing of probity.
//
//	verify FOLDER VKEY
//
// Checks the signature, every hash against its entry, an inclusion proof of every entry, consistency from a sample of
// older sizes, and that nothing follows the last entry of a bundle. Prints the size and the root; exit 1 and a reason
// when anything is wrong. Entry by entry: for small logs.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type folder string

func (f folder) Height() int                          { return height }
func (f folder) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := f.read(tile)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) read(tile tlog.Tile) ([]byte, error) {
	// C2SP paths carry no height.
	path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
	path = strings.Replace(path, "tile/8/", "tile/", 1)
	return os.ReadFile(filepath.Join(string(f), path))
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: verify FOLDER VKEY")
	}
	log := folder(os.Args[1])
	tree := checkpoint(log, os.Args[2])
	reader := tlog.TileHashReader(tree, log)
	for first := int64(0); first < tree.N; first += 1 << height {
		width := tree.N - first
		if width > 1<<height {
			width = 1 << height
		}
		bundle, err := log.read(tlog.Tile{H: height, L: -1, N: first >> height, W: int(width)})
		must(err)
		for index := first; index < first+width; index++ {
			var entry []byte
			entry, bundle = next(bundle, index)
			check(tree, reader, index, entry)
		}
		if len(bundle) != 0 {
			fail("something follows entry %d", first+width-1)
		}
	}
	for old := int64(1); old < tree.N; old += 1 + tree.N/50 {
		root, err := tlog.TreeHash(old, reader)
		must(err)
		proof, err := tlog.ProveTree(tree.N, old, reader)
		must(err)
		must(tlog.CheckTree(proof, tree.N, tree.Hash, old, root))
	}
	fmt.Println(tree.N, tree.Hash)
}

func checkpoint(log folder, vkey string) tlog.Tree {
	signed, err := os.ReadFile(filepath.Join(string(log), "checkpoint"))
	must(err)
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("the checkpoint is not three lines under %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

func next(bundle []byte, index int64) (entry, rest []byte) {
	if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
		fail("entry %d is cut", index)
	}
	end := 2 + int(binary.BigEndian.Uint16(bundle))
	return bundle[2:end], bundle[end:]
}

func check(tree tlog.Tree, reader tlog.HashReader, index int64, entry []byte) {
	hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	must(err)
	if hashes[0] != tlog.RecordHash(entry) {
		fail("entry %d does not have its hash", index)
	}
	proof, err := tlog.ProveRecord(tree.N, index, reader)
	must(err)
	must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, hashes[0]))
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
