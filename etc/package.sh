#!/bin/sh
# SPDX-License-Identifier: MIT
# sh etc/package.sh: installs what is missing, builds in build-package/, and
# makes the Debian package there.
set -eu
cd "$(dirname "$0")/.."

quietly() {
	"$@" >build-package/package.log 2>&1 && return
	cat build-package/package.log >&2
	echo "package: $1 failed, see above" >&2
	exit 1
}

sh etc/install.sh build package
echo "== building in build-package/"
mkdir -p build-package
quietly cmake -S . -B build-package -G Ninja -DTESTS=OFF
quietly cmake --build build-package
rm -f build-package/*.deb
quietly cpack --config build-package/CPackConfig.cmake -B build-package
for package in build-package/*.deb; do
	echo "== made: apt install ./$package"
done
