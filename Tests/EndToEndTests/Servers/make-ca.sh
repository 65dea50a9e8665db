#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make-ca.sh FOLDER: a certificate authority of its own (FOLDER/ca.pem) and a server certificate that it signed
# (FOLDER/server.pem, FOLDER/server.key) for localhost, 127.0.0.1 and every vault under vault.localhost. For tests only.
set -euo pipefail
folder=${1:?usage: make-ca.sh FOLDER}
umask 077
mkdir -p "$folder"
cd "$folder"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 -subj "/CN=Test authority" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout ca.key -out ca.pem 2>openssl.log || { cat openssl.log >&2; exit 1; }
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=localhost" \
    -keyout server.key -out server.csr 2>openssl.log || { cat openssl.log >&2; exit 1; }
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -out server.pem -extfile <(
    echo "basicConstraints=critical,CA:FALSE"
    echo "keyUsage=critical,digitalSignature"
    echo "extendedKeyUsage=serverAuth"
    echo "subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:vault.localhost,DNS:*.vault.localhost"
) 2>openssl.log || { cat openssl.log >&2; exit 1; }
rm -f server.csr openssl.log ca.srl
