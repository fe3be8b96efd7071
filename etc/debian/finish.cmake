# SPDX-License-Identifier: MIT
# What Debian wants of a package's files, done to them before they are packed:
# manuals and change log compressed, completion where Debian's zsh looks.

set(root ${CPACK_TEMPORARY_DIRECTORY}/ALL_COMPONENTS_IN_ONE)

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(log ${root}/usr/share/doc/postferry/changelog.Debian)
file(WRITE ${log}
"postferry (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) stable; urgency=medium

  * The history of the source tells what has changed.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(GLOB_RECURSE manuals ${root}/usr/share/man/*)
execute_process(COMMAND gzip -9nf ${log} ${manuals} COMMAND_ERROR_IS_FATAL ANY)

file(MAKE_DIRECTORY ${root}/usr/share/zsh)
file(RENAME ${root}/usr/share/zsh/site-functions
	${root}/usr/share/zsh/vendor-completions)
