/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct cli_usage usage = {
	.text =
	    "usage: postferry settings\n"
	    "\n"
	    "Prints every setting there is: its section, what it may hold, its "
	    "default, what it\n"
	    "is for.\n",
};

/* Sections in the order a reader wants them. */
static const char *const sections[] = { "server", "listener", "provider",
	"route" };

static void
print_setting(const struct setting *setting)
{
	printf("\n%s\n    %s", setting->key, setting_type_text(setting->type));
	if (setting->choices != NULL)
		printf(": %s", setting->choices);
	if (setting->min != 0 || setting->max != 0) {
		g_autofree char *min =
		    setting_print_number(setting, setting->min);
		g_autofree char *max =
		    setting_print_number(setting, setting->max);
		printf(", %s to %s", min, max);
	}
	if (setting->fallback != NULL)
		printf("; default %s",
		    *setting->fallback ? setting->fallback : "empty");
	if (setting->required)
		printf("; required");
	if (setting->type == SETTING_SECRET)
		printf("; or %s_file = PATH", setting->key);
	if (setting->only != NULL)
		printf("; only with type = %s", setting->only);
	printf("\n    %s\n", setting->help);
}

static void
print_section(const struct settings *settings, const char *section)
{
	bool named = strcmp(section, "server") != 0;

	printf("%s[%s%s]\n", named ? "\n" : "", section, named ? " NAME" : "");
	for (unsigned t = 0; settings->tables[t] != NULL; t++)
		for (const struct setting *setting = settings->tables[t];
		     setting->section != NULL; setting++)
			if (strcmp(setting->section, section) == 0)
				print_setting(setting);
}

int
cli_settings(int argc, char **argv)
{
	struct settings settings;
	const char *path;
	int exit_code;

	if (!cli_read_options(argc, argv, &usage, &path, &exit_code))
		return exit_code;
	settings_collect(&settings);
	for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++)
		print_section(&settings, sections[i]);
	return EX_OK;
}
