/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include <stdlib.h>
#include <string.h>

static enum err_lang lang;

void say_set_lang(enum err_lang l)
{
	lang = l;
}

enum err_lang say_lang(void)
{
	return lang;
}

enum err_lang say_lang_from_env(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strncmp(v, "zh", 2) == 0 ? ERR_ZH : ERR_EN;
	}
	return ERR_EN;
}

const char *say(const char *zh, const char *en)
{
	return lang == ERR_ZH ? zh : en;
}
