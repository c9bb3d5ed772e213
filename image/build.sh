#!/bin/sh
# Makes build/image/privyseal.raw out of the release build. `./dev image build` runs it as root inside the userland.
#
# The keys that it signs with are made here, once, and never leave build/: an image of one clone does not
# boot under another's Secure Boot keys, and takes no provisioning file that another has signed.
set -eu
cd "$(dirname "$0")/.."
top=$PWD
out=$top/build/image
mkdir -p "$out/keys" "$out/cache" "$out/mkosi-cache" "$out/work"
log=$out/build.log
: >"$log"

step() { printf '  %s\n' "$1"; }
logged() { "$@" >>"$log" 2>&1 || { tail -n 20 "$log"; echo "image: that failed; all of it is in $log" >&2; exit 1; }; }

make_keys() {
  [ -f "$out/keys/provisioning.pub" ] && return
  step 'making test keys (Secure Boot, PCR policy, provisioning)'
  cd "$out/keys"
  for name in secure-boot pcr; do
    logged openssl req -new -x509 -newkey rsa:2048 -nodes -days 3650 -sha256 -subj "/CN=Privyseal test $name" \
      -keyout "$name.key" -out "$name.crt"
  done
  logged openssl ecparam -name prime256v1 -genkey -noout -out provisioning.key
  logged openssl ec -in provisioning.key -pubout -outform DER -out provisioning.pub
  chmod 0600 ./*.key
  cd "$top"
}

make_tree() {
  step 'installing the programs'
  rm -rf "$out/tree"
  logged env DESTDIR="$out/tree" cmake --install build/release --prefix /usr --component appliance --strip
  install -m 0644 "$out/keys/provisioning.pub" "$out/tree/usr/lib/privyseal/provisioning.pub"
}

# mkosi would add a mirror of its own choice, and one for debug packages, if it did not find this file.
make_sources() {
  mkdir -p "$out/sandbox/etc/apt/sources.list.d"
  while read -r type uri suite components; do
    printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: %s\n' "$type" "$uri" "$suite" "$components"
    printf 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n'
  done <"$out/mirrors.list" >"$out/sandbox/etc/apt/sources.list.d/mkosi.sources"
}

make_image() {
  step 'making the disk image (mkosi; a minute or two)'
  logged mkosi --directory image --force --incremental=yes --cache-directory "$out/mkosi-cache" \
    --output-directory "$out" --workspace-directory "$out/work" --package-cache-dir "$out/cache" \
    --sandbox-tree "$out/sandbox" --extra-tree "$out/tree" \
    --secure-boot-key "$out/keys/secure-boot.key" --secure-boot-certificate "$out/keys/secure-boot.crt" \
    --sign-expected-pcr-key "$out/keys/pcr.key" --sign-expected-pcr-certificate "$out/keys/pcr.crt" \
    build
}

make_keys
make_tree
make_sources
make_image
step "$(du -h --apparent-size "$out/privyseal.raw" | cut -f1) in $out/privyseal.raw"
