# SPDX-License-Identifier: MIT
# Writes the files of a folder into a C file, as they are:
#
#	cmake -D FOLDER=... -D OUT=... -P etc/embed.cmake

set(types css text/css html text/html js text/javascript svg image/svg+xml)
set(arrays "")
set(rows "")
file(GLOB files RELATIVE "${FOLDER}" "${FOLDER}/*")
list(SORT files)
foreach(file IN LISTS files)
	cmake_path(GET file EXTENSION LAST_ONLY extension)
	string(SUBSTRING "${extension}" 1 -1 extension)
	list(FIND types "${extension}" place)
	if(place EQUAL -1)
		message(FATAL_ERROR "${FOLDER}/${file}: the type of .${extension} is not known; name it in etc/embed.cmake")
	endif()
	math(EXPR place "${place} + 1")
	list(GET types ${place} type)
	file(READ "${FOLDER}/${file}" bytes HEX)
	file(SHA256 "${FOLDER}/${file}" digest)
	string(SUBSTRING ${digest} 0 32 digest)
	string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
	# a line is no longer than a compiler takes, and readable in a diff
	string(REGEX REPLACE "(................................................................................)" "\\1\n\t" bytes "${bytes}")
	string(MAKE_C_IDENTIFIER "${file}" name)
	string(APPEND arrays "static const unsigned char ${name}[] = {\n\t${bytes}\n};\n\n")
	string(APPEND rows "\t{ \"${file}\", \"${type}; charset=utf-8\", \"\\\"${digest}\\\"\", ${name}, sizeof ${name} },\n")
endforeach()
file(WRITE "${OUT}.new" "/* Made by etc/embed.cmake. */
#include \"web_files.h\"

#include <stddef.h>

${arrays}const struct web_file web_files[] = {
${rows}	{ NULL, NULL, NULL, NULL, 0 },
};
")
file(COPY_FILE "${OUT}.new" "${OUT}" ONLY_IF_DIFFERENT)
file(REMOVE "${OUT}.new")
