# SPDX-License-Identifier: MIT
# What Debian wants of a package's files, done to them before they are packed:
# manuals and change log compressed, completion where Debian's zsh looks.

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(GLOB copyrights ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/doc/*/copyright)
foreach(copyright IN LISTS copyrights)
	cmake_path(GET copyright PARENT_PATH folder)
	cmake_path(GET folder FILENAME name)
	file(WRITE ${folder}/changelog.Debian
"${name} (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) stable; urgency=medium

  * The history of the source tells what has changed.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
	list(APPEND texts ${folder}/changelog.Debian)
endforeach()

set(share ${CPACK_TEMPORARY_DIRECTORY}/postferry/usr/share)
file(GLOB_RECURSE manuals ${share}/man/*)
execute_process(COMMAND gzip -9nf ${texts} ${manuals}
	COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
