#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An AuthorizedKeysCommand that believes pushed keys as an instance does: only
# with a signature by a certificate of the right name, which leads to a root in
# CERTS and is good by OCSP, over a record that is for this instance and user,
# and not over.
# Usage: managed_keys.sh USER FINGERPRINT METADATA-URL CERTS
set -eu
user=$1 fingerprint=$2 base=$3 certs=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

die() {
    echo "managed_keys: $1" >&2
    exit 1
}

token=$(curl -sf -m 20 -X PUT \
    -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$base/latest/api/token")
get() {
    curl -sf -m 20 -H "X-aws-ec2-metadata-token: $token" "$@"
}
data=$base/latest/meta-data
keys=$data/managed-ssh-keys
get --head -o head "$keys/active-keys/$user/" || exit 0
instance=$(get "$data/instance-id")
zone=$(get "$data/placement/availability-zone")
domain=$(get "$data/services/domain")
get "$keys/signer-cert" >chain

# Whose certificate, and does it lead to a root we know?
awk '/BEGIN CERT/ { n++ } n { print >("cert" n - 1) }' chain
[ "$(openssl x509 -in cert0 -noout -subject -nameopt multiline |
    sed -n 's/^ *commonName *= //p')" = \
    "managed-ssh-signer.${zone%?}.$domain" ] || die "another signer"
[ "$(openssl verify -x509_strict -no-CAfile -no-CAstore -CApath "$certs" \
    -untrusted chain cert0)" = "cert0: OK" ] || die "chain not trusted"

# Is each certificate but the last good?
get "$keys/signer-ocsp/" >names
n=0
while [ -e "cert$((n + 1))" ]; do
    name=$(openssl x509 -in "cert$n" -noout -fingerprint -sha1 |
        sed 's/.*=//; s/://g')
    grep -qxF "$name" names || die "no OCSP response for certificate $n"
    get "$keys/signer-ocsp/$name" | base64 -d >"ocsp$n"
    openssl ocsp -no_nonce -issuer "cert$((n + 1))" -cert "cert$n" \
        -VAfile "cert$((n + 1))" -respin "ocsp$n" 2>/dev/null |
        head -n 1 | grep -qxF "cert$n: good" || die "certificate $n not good"
    n=$((n + 1))
done
[ "$n" -gt 0 ] || die "the chain is one certificate"

# Record by record: what is signed, and the signature.
openssl x509 -in cert0 -noout -pubkey >public
get "$keys/active-keys/$user/" |
    awk 'BEGIN { n = 1 }
         /^$/ { n++; key = 0; next }
         key { print >("signature" n); next }
         { print >("signed" n) }
         /^ssh/ { key = 1 }'
for signed in signed*; do
    number=${signed#signed}
    grep -qxF "#Instance=$instance" "$signed" || die "another instance's key"
    until=$(sed -n 's/^#Timestamp=//p' "$signed")
    [ "$until" -gt "$(date +%s)" ] || die "the record is over"
    grep '^ssh' "$signed" >line
    case $(ssh-keygen -lf line) in
    *" $fingerprint "*) ;;
    *) continue ;;
    esac
    base64 -d "signature$number" >signature
    openssl dgst -sha256 -sigopt rsa_padding_mode:pss \
        -sigopt rsa_pss_saltlen:32 -verify public -signature signature \
        "$signed" >&2 || die "bad signature"
    cat line
done
