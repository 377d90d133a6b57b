#!/bin/sh
# find_python.sh "3.14 3.13 3.12 3.11" PYTHON [VARIABLE]
# Print the path of the newest of these Pythons that can be used, or of PYTHON where that is not empty: it has to be
# one of them. VARIABLE is what make calls it. One can be used if it starts (a pyenv shim of a Python that is not
# chosen does not) and has the modules that its builder may have left out. Debian keeps ensurepip in a package of its
# own: a Python without it is taken where no other one is.

versions=$1
named=$2
variable=${3:-PYTHON}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
complete() { "$1" -c 'import bz2, ctypes, lzma, sqlite3, ssl, venv, zlib' >/dev/null 2>&1; }
complete_with_pip() { complete "$1" && "$1" -c 'import ensurepip' >/dev/null 2>&1; }

supported() {
    for each in $versions; do
        [ "$1" = "$each" ] && return 0
    done
    return 1
}

# newest CHECK: of the newest version that there is, the first on PATH that passes CHECK
newest() {
    for version in $versions; do
        IFS=:
        for folder in $PATH; do
            unset IFS
            for python in "$folder/python$version" "$folder/python3"; do
                if [ -x "$python" ] && [ "$(version_of "$python")" = "$version" ] && "$1" "$python"; then
                    echo "$python"
                    return 0
                fi
            done
        done
        unset IFS
    done
    return 1
}

refuse() {
    needed=
    for each in $versions; do
        needed="$each${needed:+, $needed}"
    done
    echo "innerscore: $1. It needs one of Python $needed: install one (Debian, Ubuntu: apt-get install python3" \
        "python3-venv; macOS: brew install python3) or name it: make $variable=/path/to/python" >&2
    exit 1
}

if [ -z "$named" ]; then
    newest complete_with_pip || newest complete || {
        other=$(version_of python3)
        refuse "no Python on PATH that it runs on${other:+ (python3 is Python $other)}"
    }
else
    version=$(version_of "$named") || refuse "$named does not start"
    supported "$version" || refuse "$named is Python $version"
    complete "$named" || refuse "$named (Python $version) was built without bz2, ctypes, lzma, sqlite3, ssl, venv or zlib"
    command -v "$named"
fi
