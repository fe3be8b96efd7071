# SPDX-License-Identifier: MIT
# The Debian packages: sh etc/package.sh, or `cpack` in a build folder.
#
# postferry offers /usr/sbin/sendmail as an alternative, and goes beside any mail
# server: one that has a sendmail of its own keeps it.  Who provides
# mail-transport-agent must conflict with all others that do (policy 11.6), and a
# Postfix in front of postferry is what many have; so postferry-mta says that, for
# hosts where nothing else is: it is empty.

set(DEBIAN_DIR ${PROJECT_SOURCE_DIR}/etc/debian)

install(FILES etc/debian/postferry.conf DESTINATION /etc/postferry
	COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES etc/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}
	COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES etc/debian/copyright
	DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/postferry-mta
	COMPONENT mta EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "The postferry authors <postferry@postferry.invalid>")
# each package has its own, below
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_COMPONENTS_ALL Unspecified debian mta)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENT_UNSPECIFIED_GROUP postferry)
set(CPACK_COMPONENT_DEBIAN_GROUP postferry)
set(CPACK_COMPONENT_MTA_GROUP mta)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PRE_BUILD_SCRIPTS ${DEBIAN_DIR}/finish.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
# The libraries it is linked to; libesmtp6 has the plug-ins that log in.
set(CPACK_DEBIAN_POSTFERRY_PACKAGE_NAME postferry)
set(CPACK_DEBIAN_POSTFERRY_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_POSTFERRY_PACKAGE_DEPENDS "ca-certificates, passwd")
set(CPACK_DEBIAN_POSTFERRY_DESCRIPTION
"SMTP in, Mailgun or Mandrill out
Takes mail over SMTP from programs that speak nothing else, keeps it on disk,
and delivers it through the HTTP APIs of Mailgun and Mandrill, failing over
from one to the other, and to an upstream SMTP server when neither takes it.
.
The relayhost of a Postfix, the SMTP host of an application, the sidecar of
a container.")
set(CPACK_DEBIAN_POSTFERRY_PACKAGE_CONTROL_EXTRA ${DEBIAN_DIR}/conffiles
	${DEBIAN_DIR}/postinst ${DEBIAN_DIR}/prerm ${DEBIAN_DIR}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_MTA_PACKAGE_NAME postferry-mta)
set(CPACK_DEBIAN_MTA_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_MTA_PACKAGE_DEPENDS
	"postferry (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_MTA_PACKAGE_PROVIDES mail-transport-agent)
set(CPACK_DEBIAN_MTA_PACKAGE_CONFLICTS mail-transport-agent)
set(CPACK_DEBIAN_MTA_PACKAGE_REPLACES mail-transport-agent)
set(CPACK_DEBIAN_MTA_DESCRIPTION
"postferry as the mail system of a host
This metapackage says that postferry is the mail system of this host, to
packages that want one: cron and mail programs send by its sendmail. It goes
beside no other mail server.")
include(CPack)
