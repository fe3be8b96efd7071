# SPDX-License-Identifier: MIT
# The Debian package: sh etc/package.sh, or `cpack` in a build folder.

set(DEBIAN_DIR ${PROJECT_SOURCE_DIR}/etc/debian)

install(FILES etc/debian/postferry.conf DESTINATION /etc/postferry
	COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES etc/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}
	COMPONENT debian EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "The postferry authors <postferry@postferry.invalid>")
set(CPACK_COMPONENTS_ALL Unspecified debian)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PRE_BUILD_SCRIPTS ${DEBIAN_DIR}/finish.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Takes mail over SMTP from programs that speak nothing else, keeps it on disk,
and delivers it through the HTTP APIs of Mailgun and Mandrill, failing over
from one to the other, and to an upstream SMTP server when neither takes it.
.
The relayhost of a Postfix, the SMTP host of an application, the sidecar of
a container.")
# The libraries it is linked to; libesmtp6 has the plug-ins that log in.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, passwd")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${DEBIAN_DIR}/conffiles
	${DEBIAN_DIR}/postinst ${DEBIAN_DIR}/prerm ${DEBIAN_DIR}/postrm)
include(CPack)
