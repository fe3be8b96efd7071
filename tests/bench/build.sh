# SPDX-License-Identifier: MIT
# Read by the benches, in the project's folder: builds a release in build-bench/.
sh etc/install.sh build test
echo "== building in build-bench/"
mkdir -p build-bench
cmake -S . -B build-bench -G Ninja -DCMAKE_BUILD_TYPE=Release -DTESTS=OFF \
	>build-bench/bench.log
cmake --build build-bench >build-bench/bench.log
echo "== measuring"
