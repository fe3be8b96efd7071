/* SPDX-License-Identifier: MIT */
#include "modules.h"

#include <dlfcn.h>
#include <glib.h>
#include <iconv.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

#define SERVICES     "/etc/nsswitch.conf"
#define SERVICES_KEY "hosts:"

/* Where modules are, seen from a library that is loaded. */
static const struct {
	const char *library; /* a part of its path */
	const char *folder;  /* how folders beside it begin; NULL: its own */
} places[] = {
	{ "/gconv/", NULL },
	{ "/libesmtp.so", "esmtp-plugins" },
	{ "/libcrypto.so", "ossl-modules" },
};

static bool
load(const char *path)
{
	return dlopen(path, RTLD_NOW | RTLD_LOCAL) != NULL;
}

static unsigned
load_folder(const char *folder)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	unsigned count = 0;
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_str_has_suffix(name, ".so"))
			count += load(path);
	}
	g_clear_pointer(&dir, g_dir_close);
	return count;
}

static unsigned
load_beside(const char *folder, const char *start)
{
	GDir *dir;
	unsigned count = 0;
	const char *name;

	if (start == NULL)
		return load_folder(folder);
	dir = g_dir_open(folder, 0, NULL);
	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_str_has_prefix(name, start))
			count += load_folder(path);
	}
	g_clear_pointer(&dir, g_dir_close);
	return count;
}

/* The folder of the first library of each place; nothing may be loaded while
 * they are gone through. */
static int
on_library(struct dl_phdr_info *library, size_t size, void *object)
{
	char **folders = object;

	(void)size;
	for (unsigned i = 0; i < G_N_ELEMENTS(places); i++)
		if (folders[i] == NULL &&
		    strstr(library->dlpi_name, places[i].library) != NULL)
			folders[i] = g_path_get_dirname(library->dlpi_name);
	return 0;
}

static unsigned
load_places(void)
{
	char *folders[G_N_ELEMENTS(places)] = { NULL };
	/* one of the modules, which tells where they are */
	iconv_t converter = iconv_open("UTF-8", "ISO-2022-JP");
	unsigned count = 0;

	dl_iterate_phdr(on_library, folders);
	for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
		if (folders[i] != NULL)
			count += load_beside(folders[i], places[i].folder);
		g_free(folders[i]);
	}
	if (converter != (iconv_t)-1)
		iconv_close(converter);
	return count;
}

/* "hosts: files mdns4_minimal [NOTFOUND=return] dns" */
static unsigned
load_services(const char *line)
{
	g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);
	unsigned count = 0;

	for (char **word = words; *word != NULL && **word != '#'; word++) {
		g_autofree char *name =
		    g_strdup_printf("libnss_%s.so.2", *word);

		if (g_ascii_isalpha(**word))
			count += load(name);
	}
	return count;
}

static unsigned
load_names(void)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	unsigned count = 0;

	if (!g_file_get_contents(SERVICES, &text, NULL, NULL))
		return 0;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++)
		if (g_str_has_prefix(*line, SERVICES_KEY))
			count += load_services(*line + strlen(SERVICES_KEY));
	return count;
}

unsigned
modules_load(void)
{
	/* what pthread_exit() and pthread_cancel() unwind with */
	return load("libgcc_s.so.1") + load_names() + load_places();
}
