#!/bin/sh
# Debian's estserver (libest: a peer that we did not write) with a CA of its own.
#   estserver.sh FOLDER PORT    FOLDER/root.pem issues; FOLDER/server-ca.pem is the root of its own TLS certificate
# It speaks TLS 1.2 and HTTP/1.0 only, and wants the user estuser with the password estpwd.
set -eu
cd "$1"
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc"
ca="-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign"
openssl req -x509 $key $ca -days 30 -subj "/CN=estserver CA" -keyout root.key -out root.pem
openssl req -x509 $key $ca -days 30 -subj "/CN=estserver TLS CA" -keyout server-ca.key -out server-ca.pem
printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth \
  subjectAltName=DNS:est.example subjectKeyIdentifier=hash authorityKeyIdentifier=keyid >server.ext
openssl req -new $key -subj /CN=est.example -keyout server.key -out server.csr
openssl x509 -req -in server.csr -CA server-ca.pem -CAkey server-ca.key -days 20 -extfile server.ext -out server.crt
cat server.crt server.key >server.pem
cat root.pem server-ca.pem >trusted.pem
mkdir -p certs
: >index.txt
echo 01 >serial
cat >ca.cnf <<CNF
[ca]
default_ca = stand_in
[stand_in]
dir = $1
database = $1/index.txt
new_certs_dir = $1/certs
certificate = $1/root.pem
private_key = $1/root.key
serial = $1/serial
default_md = sha256
default_days = 20
policy = any
x509_extensions = leaf
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CNF
chmod 644 root.pem server-ca.pem
export EST_TRUSTED_CERTS="$1/trusted.pem" EST_CACERTS_RESP="$1/root.pem" EST_OPENSSL_CACONFIG="$1/ca.cnf"
exec estserver -c server.pem -k server.pem -r estrealm -p "$2" -o -v
