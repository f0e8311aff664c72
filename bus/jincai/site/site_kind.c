/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"
#include "say.h"
#include "site.h"

/* Fewer different bytes than this never come from 16 random ones. */
#define KEY_DISTINCT_MIN 8u

/* ---- folders ---- */

static bool is_below(const char *path, const char *folder, const char *part)
{
	struct buf b = BUF_INIT;
	char *real;
	bool is;

	buf_printf(&b, "%s/%s", folder, part);
	real = realpath(buf_text(&b), NULL);
	is = real && span_starts(span_of(path), span_of(real)) && (path[strlen(real)] == '/' || !path[strlen(real)]);
	free(real);
	buf_done(&b);
	return is;
}

/* Beside forms lie cases, beside the program lies its demo. */
static bool is_sample(const struct library *l, const char *path)
{
	char *real = realpath(path, NULL);
	bool is = false;

	for (unsigned i = 0; real && i < l->nfolders && !is; i++)
		is = is_below(real, l->folders[i], "adapters") || is_below(real, l->folders[i], "demo");
	free(real);
	return is;
}

void site_check_folder(const struct site *s, const struct conf *node, const char *path, struct findings *f)
{
	struct buf mark = BUF_INIT;
	bool marked;

	buf_printf(&mark, "%s/" SITE_TEST_MARK, path);
	marked = fsys_exists(AT_FDCWD, buf_text(&mark));
	buf_done(&mark);
	if (marked != s->test)
		conf_report(f, node, marked ? E_SITE_TEST_FOLDER : E_SITE_REAL_FOLDER, "folder=%s", path);
	else if (!s->test && is_sample(s->library, path))
		conf_report(f, node, E_SITE_SAMPLES, "folder=%s", path);
}

/* ---- the key ---- */

void site_check_key(const struct site *s, const struct conf *node, const char *path, struct span key, struct findings *f)
{
	bool seen[256] = {false};
	unsigned distinct = 0;

	for (size_t i = 0; i < key.n; i++) {
		distinct += !seen[(unsigned char)key.p[i]];
		seen[(unsigned char)key.p[i]] = true;
	}
	if (!s->test && distinct < KEY_DISTINCT_MIN)
		conf_report(f, node, E_SITE_WEAK_KEY, "file=%s\nbytes=%zu\ndistinct=%u", path, key.n, distinct);
	explicit_bzero(seen, sizeof seen);
}

/* ---- routes ---- */

static bool is_reached(const struct site *s, unsigned destination)
{
	for (unsigned i = 0; i < s->nroutes; i++)
		for (unsigned k = 0; k < s->routes[i].nto; k++)
			if (s->routes[i].to[k] == destination && s->routes[i].ntypes)
				return true;
	return false;
}

static bool is_routed(const struct site *s, const char *type)
{
	for (unsigned i = 0; i < s->nroutes; i++)
		for (unsigned k = 0; k < s->routes[i].ntypes; k++)
			if (s->routes[i].nto && strcmp(s->routes[i].types[k], type) == 0)
				return true;
	return false;
}

void site_note_routes(const struct site *s, struct conf *root, struct findings *f)
{
	struct conf *adapters = conf_get(root, "adapters"), *destinations = conf_get(root, "destinations");

	for (unsigned i = 0; i < s->ndestinations; i++)
		if (!is_reached(s, i))
			conf_report_key(f, conf_get(destinations, s->destinations[i].name), E_SITE_UNREACHED, "name=%s",
				s->destinations[i].name);
	for (unsigned i = 0; i < s->nadapters; i++)
		for (unsigned k = 0; s->adapters[i].form && k < s->adapters[i].form->nevents; k++) {
			const struct form_event *x = &s->adapters[i].form->events[k];

			if (!is_routed(s, x->type))
				conf_report_key(f, conf_get(adapters, s->adapters[i].name), E_SITE_UNROUTED,
					"type=%s\nadapter=%s\nwhat=%s", x->type, s->adapters[i].name,
					x->nature == NATURE_INSTRUCTION ? say("付款指令", "instructions") : "-");
		}
}
