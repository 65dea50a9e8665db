#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Install the system packages that building and testing need, and only those that are missing. Says nothing when none is.
set -euo pipefail

# libgit2, unixODBC and pkg-config to build; the rest is what tests and the drill call: git and ssh-keygen read records as
# stock tools do, openssl makes the test certificates, python3 runs the servers and the checker that are not ours, strace tzdata
# injects faults, and PostgreSQL with its ODBC driver is the database that SQL steps are tried on.
packages=(libgit2-dev unixodbc-dev unixodbc pkg-config git python3 python3-jsonschema openssl openssh-client strace tzdata
    postgresql odbc-postgresql)

# Tests open reports in a browser. A drill needs none, so only `set-up.sh --for-tests` asks for it; Ubuntu has it as a snap
# alone, which cannot be installed everywhere, and the tests that want it say there that they were left out.
if [[ "${1:-}" == --for-tests ]] && grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then packages+=(chromium); fi

say() { printf 'set-up: %s\n' "$*" >&2; }

# On a system without apt: accept the tools from wherever they come, else name them.
check_by_hand() {
    local missing=()
    for tool in pkg-config git python3 openssl ssh-keygen strace; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    if command -v pkg-config >/dev/null && ! pkg-config --exists libgit2; then missing+=("libgit2 (with its headers)"); fi
    if command -v pkg-config >/dev/null && ! pkg-config --exists odbc; then missing+=("unixODBC (with its headers)"); fi
    if command -v python3 >/dev/null && ! python3 -c 'import jsonschema' 2>/dev/null; then missing+=("python3-jsonschema"); fi
    if ! compgen -c initdb >/dev/null; then missing+=("PostgreSQL (with initdb and psql on the PATH)"); fi
    if ! odbcinst -q -d 2>/dev/null | grep -qF '[PostgreSQL Unicode]'; then
        missing+=("PostgreSQL's ODBC driver (as \"PostgreSQL Unicode\" in odbcinst.ini)")
    fi
    ((${#missing[@]} == 0)) && return 0
    say "this is neither Debian nor Ubuntu, so install these with your system's own tool, then try again:"
    printf '  %s\n' "${missing[@]}" >&2
    return 1
}

is_installed() { [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

install_missing() {
    local missing=() as_root=()
    for package in "${packages[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return 0
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            say "root is needed, and there is no sudo. As root run:"
            say "  apt-get install --no-install-recommends ${missing[*]}"
            return 1
        fi
        as_root=(sudo)
    fi
    say "installing with apt-get: ${missing[*]}"
    # Another apt may be at work on a fresh machine: wait for it. What apt says on standard error stays visible.
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update </dev/null
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
    say "done"
}

if ! command -v swift >/dev/null; then
    say "there is no Swift here. Install 6.3 or newer from https://www.swift.org/install/linux/ and try again."
    exit 1
fi
if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then install_missing; else check_by_hand; fi
