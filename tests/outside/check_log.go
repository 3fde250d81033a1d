// Checks a log that lies in files as C2SP tlog-tiles has them, with the packages of Go's own checksum database:
// the checkpoint's signature, every tile that the root needs, every entry, and proofs that were made elsewhere.
//
//	go run check_log.go FOLDER VKEY
//
// FOLDER holds checkpoint, tile/ and proofs.json. It prints "accepted" or why not, and then ends with 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// tiles reads tiles of height 8. The checksum database names the height in the path, tlog-tiles does not.
type tiles struct{ folder string }

func (t tiles) Height() int { return height }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/8/entries/", 1)
		data, err := os.ReadFile(filepath.Join(t.folder, strings.Replace(path, "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// proofs are what the log's own code made; hashes are in base64.
type proofs struct {
	Inclusion []struct {
		Index int64
		Proof []tlog.Hash
	}
	Consistency []struct {
		Old   int64
		Root  tlog.Hash
		Proof []tlog.Hash
	}
}

func main() {
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("accepted")
}

func check(folder, vkey string) error {
	tree, err := openCheckpoint(folder, vkey)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tiles{folder})
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	if root != tree.Hash {
		return fmt.Errorf("tiles give the root %v, the checkpoint says %v", root, tree.Hash)
	}
	entries, err := readEntries(folder, tree.N)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	if err := checkEntries(entries, reader); err != nil {
		return err
	}
	return checkProofs(folder, tree, entries, reader)
}

func openCheckpoint(folder, vkey string) (tree tlog.Tree, err error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("the checkpoint is of another form or origin")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(tree.Hash) {
		return tree, fmt.Errorf("the root is not 32 bytes in base64")
	}
	copy(tree.Hash[:], root)
	return tree, nil
}

func readEntries(folder string, size int64) (entries [][]byte, err error) {
	for first := int64(0); first < size; first += 1 << height {
		width := size - first
		if width > 1<<height {
			width = 1 << height
		}
		data, err := tiles{folder}.ReadTiles([]tlog.Tile{{H: height, L: -1, N: first >> height, W: int(width)}})
		if err != nil {
			return nil, err
		}
		bundle := data[0]
		for ; width > 0; width-- {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("the bundle from %d is cut off", first)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entries, bundle = append(entries, bundle[2:end]), bundle[end:]
		}
		if len(bundle) != 0 {
			return nil, fmt.Errorf("the bundle from %d has bytes left over", first)
		}
	}
	return entries, nil
}

func checkEntries(entries [][]byte, reader tlog.HashReader) error {
	indexes := make([]int64, len(entries))
	for i := range entries {
		indexes[i] = tlog.StoredHashIndex(0, int64(i))
	}
	hashes, err := reader.ReadHashes(indexes)
	if err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	for i, entry := range entries {
		if tlog.RecordHash(entry) != hashes[i] {
			return fmt.Errorf("entry %d is not what its tile says", i)
		}
	}
	return nil
}

func checkProofs(folder string, tree tlog.Tree, entries [][]byte, reader tlog.HashReader) error {
	data, err := os.ReadFile(filepath.Join(folder, "proofs.json"))
	if err != nil {
		return err
	}
	var given proofs
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	for _, each := range given.Inclusion {
		if err := tlog.CheckRecord(each.Proof, tree.N, tree.Hash, each.Index, tlog.RecordHash(entries[each.Index])); err != nil {
			return fmt.Errorf("inclusion of %d: %w", each.Index, err)
		}
		own, err := tlog.ProveRecord(tree.N, each.Index, reader)
		if err != nil || fmt.Sprint(own) != fmt.Sprint(tlog.RecordProof(each.Proof)) {
			return fmt.Errorf("inclusion of %d: proved differently here: %v", each.Index, err)
		}
	}
	for _, each := range given.Consistency {
		if err := tlog.CheckTree(each.Proof, tree.N, tree.Hash, each.Old, each.Root); err != nil {
			return fmt.Errorf("consistency with %d: %w", each.Old, err)
		}
		own, err := tlog.ProveTree(tree.N, each.Old, reader)
		if err != nil || fmt.Sprint(own) != fmt.Sprint(tlog.TreeProof(each.Proof)) {
			return fmt.Errorf("consistency with %d: proved differently here: %v", each.Old, err)
		}
	}
	return nil
}
