#!/bin/sh
# Checks this evidence package with sha256sum, ssh-keygen and awk. Usage: sh verify.sh [SIGNER.pub]
# SIGNER.pub is the key of the signer as you got it by another way; without it, compare the fingerprint yourself.
set -eu
export LC_ALL=C
fail() { printf 'FAILED: %s\n' "$1"; exit 1; }
if [ $# -gt 0 ]; then expected=$(awk 'NR == 1 { print $1, $2 }' "$1") || fail "cannot read $1"; fi
case $0 in */*) cd "${0%/*}" ;; esac
# 1. The files on the disk are those the manifests list, no more and no less, and no link stands in for one.
walk() {
    for file in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        if [ -d "$file" ] && [ ! -L "$file" ]; then walk "$file"
        elif [ -f "$file" ] && [ ! -L "$file" ]; then printf '%s\n' "${file#./}"
        elif [ -e "$file" ] || [ -L "$file" ]; then printf '%s (a link or no regular file)\n' "${file#./}"; fi
    done
}
extra=$(walk . | awk 'BEGIN {
        known["tagmanifest-sha256.txt"] = 1
        while ((getline line < "manifest-sha256.txt") > 0) known[substr(line, 67)] = 1
        while ((getline line < "tagmanifest-sha256.txt") > 0) known[substr(line, 67)] = 1 }
    !($0 in known) { print; exit }')
[ -z "$extra" ] || fail "$extra is not listed in a manifest: it was added or renamed"
for list in manifest-sha256.txt tagmanifest-sha256.txt; do
    odd=$(awk 'length($1) != 64 || $1 ~ /[^0-9a-f]/ || substr($0, 65, 2) != "  " || $0 !~ /^[0-9a-f]+  [A-Za-z0-9]([A-Za-z0-9._-]|\/[A-Za-z0-9])*$/ { print NR; exit }' "$list")
    [ -z "$odd" ] || fail "$list line $odd is not a digest and a path"
    said=$(sha256sum -c "$list" 2>&1) || fail "$(printf '%s\n' "$said" | awk '!/: OK$/ { print; exit }') ($list)"
done
echo "ok: every file has the digest in its manifest, and there is no other file"
# 2. manifest.json lists the same digests, and its signature is good.
odd=$(awk 'BEGIN {
        while ((getline line < "manifest-sha256.txt") > 0) disk[substr(line, 67)] = substr(line, 1, 64)
        while ((getline line < "tagmanifest-sha256.txt") > 0) disk[substr(line, 67)] = substr(line, 1, 64)
        RS = "{" }
    { split($0, part, "\"") }
    part[2] == "path" && disk[part[4]] != part[8] { print part[4]; found = 1; exit }
    part[2] == "path" { sealed[part[4]] = 1 }
    END { if (!found) for (path in disk) if (!(path in sealed) && path != "manifest.json" && path !~ /^proofs\//) { print path; exit } }' manifest.json)
[ -z "$odd" ] || fail "$odd is not in manifest.json, or not with this digest"
awk 'BEGIN { getline key < "signer.pub"; split(key, k, " "); getline line < "allowed_signers"
    exit line != "sealer@probity namespaces=\"evidence@probity\" " k[1] " " k[2] }' || fail "allowed_signers does not hold the key in signer.pub"
ssh-keygen -Y verify -f allowed_signers -I sealer@probity -n evidence@probity -s proofs/manifest.json.sig < manifest.json > /dev/null 2>&1 ||
    fail "the signature of manifest.json is not good"
echo "ok: manifest.json is signed and lists every file"
# 3. Each line of the custody log holds the digest of the line before; count and last digest are signed.
prev=0000000000000000000000000000000000000000000000000000000000000000 n=0
while IFS= read -r line; do
    case $line in *"\"prev\":\"$prev\"}") n=$((n + 1)) ;; *) fail "custody.jsonl line $((n + 1)) does not follow line $n" ;; esac
    prev=$(printf '%s' "$line" | sha256sum | awk '{ print $1 }')
done < data/custody.jsonl
awk -v want="\"custody\":{\"entries\":$n,\"head\":\"$prev\"}" 'index($0, want) { found = 1 } END { exit !found }' manifest.json ||
    fail "custody.jsonl does not end where manifest.json says"
echo "ok: the custody log is unbroken, $n entries"
# 4. What receivers of exhibits signed. Whose keys these are, only the receivers can say.
for signature in data/countersignatures/*.sig; do
    [ -e "$signature" ] || continue
    said=$(ssh-keygen -Y check-novalidate -n custody@probity -s "$signature" < "${signature%.sig}" 2>&1) || fail "$signature is not good"
    echo "ok: ${signature%.sig}: $said"
done
fingerprint=$(ssh-keygen -l -f signer.pub | awk '{ print $2 }')
if [ $# -eq 0 ]; then
    echo "INTACT, signed with $fingerprint. Compare this fingerprint with the signer's, by another way than this package."
elif [ "$expected" = "$(awk 'NR == 1 { print $1, $2 }' signer.pub)" ]; then
    echo "INTACT, and signed with the key you gave, $fingerprint."
else
    fail "it is signed with $fingerprint, which is not the key you gave"
fi
