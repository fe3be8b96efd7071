# SPDX-License-Identifier: MIT
# What `cmake --install` puts where.  --prefix and DESTDIR hold for all of it:
# the paths within are written when it is installed.

set(UNIT_DIR lib/systemd/system CACHE STRING "Units of systemd, below the prefix")
set(ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING
	"Completion for zsh, below the prefix")

install(TARGETS postferry RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(FILES src/manual/postferry.8 src/manual/postferry-sendmail.8
	DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES src/manual/postferry.conf.5
	DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES etc/postferry.conf etc/postferry.conf.full
	DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES etc/grafana/postferry.json
	DESTINATION ${CMAKE_INSTALL_DOCDIR}/grafana)
install(FILES etc/prometheus/postferry.rules.yaml
	DESTINATION ${CMAKE_INSTALL_DOCDIR}/prometheus)
install(FILES README.md etc/recipes.md etc/openapi.yaml
	DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES etc/postferry.socket DESTINATION ${UNIT_DIR})
install(FILES etc/completion/postferry.bash RENAME postferry
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES etc/completion/_postferry DESTINATION ${ZSH_DIR})

# The unit says where the program is.
install(CODE "
	cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_PREFIX NORMALIZE)
	set(program ${CMAKE_INSTALL_SBINDIR}/postferry)
	cmake_path(ABSOLUTE_PATH program
		BASE_DIRECTORY \"\${CMAKE_INSTALL_PREFIX}\")
	set(path \"\${CMAKE_INSTALL_PREFIX}/${UNIT_DIR}/postferry.service\")
	file(READ \"${PROJECT_SOURCE_DIR}/etc/postferry.service\" unit)
	string(REPLACE /usr/sbin/postferry \"\${program}\" unit \"\${unit}\")
	message(STATUS \"Installing: \$ENV{DESTDIR}\${path}\")
	file(WRITE \"\$ENV{DESTDIR}\${path}\" \"\${unit}\")
	file(CHMOD \"\$ENV{DESTDIR}\${path}\" PERMISSIONS
		OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
	list(APPEND CMAKE_INSTALL_MANIFEST_FILES \"\${path}\")
")
