/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TESTS_ADAPTERS_HELP_H
#define JC_TESTS_ADAPTERS_HELP_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "form.h"
#include "fsys.h"
#include "scratch.h"

/* What tests of forms and flows need: a library with a key, a folder of their own, forms made of text. */
struct help {
	char dir[64];
	struct library *library;
	unsigned nforms;
};

static inline void help_begin(struct help *h)
{
	*h = (struct help){.library = library_new()};
	snprintf(h->dir, sizeof h->dir, "%s/jincai-test.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(h->dir));
	library_add(h->library, SOURCE_DIR);
	h->library->key = hash_key_new("0123456789abcdef", 16);
	free(h->library->site_division);
	h->library->site_division = mem_text(SPAN("150782"));
	free(h->library->site_unit);
	h->library->site_unit = mem_text(SPAN("602001"));
}

static inline void help_end(struct help *h)
{
	library_free(h->library);
	assert_int_equal(scratch_remove(h->dir), 0);
}

static inline const char *help_path(const struct help *h, const char *below, char ret[512])
{
	snprintf(ret, 512, "%s/%s", h->dir, below);
	return ret;
}

static inline void help_write(const struct help *h, const char *below, struct span bytes)
{
	char path[512];
	FILE *f = fopen(help_path(h, below, path), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	assert_int_equal(fclose(f), 0);
}

/* text with each `from` replaced by its `to`; pairs end in NULL. */
static inline char *help_edit(const char *text, const char *const (*edits)[2])
{
	struct buf b = BUF_INIT;
	char *now = mem_text(span_of(text));

	for (; edits && (*edits)[0]; edits++) {
		const char *at = strstr(now, (*edits)[0]);

		if (!at)
			fail_msg("the form has no \"%s\"", (*edits)[0]);
		buf_clear(&b);
		buf_printf(&b, "%.*s%s%s", (int)(at - now), now, (*edits)[1], at + strlen((*edits)[0]));
		free(now);
		now = mem_text(buf_as_span(&b));
	}
	buf_done(&b);
	return now;
}

static inline struct form *help_form(struct help *h, const char *text, struct findings *f)
{
	char name[32], path[512];

	snprintf(name, sizeof name, "form-%u.yaml", h->nforms++);
	help_write(h, name, span_of(text));
	return form_load(h->library, help_path(h, name, path), f);
}

/* A form that must be right; of the house (by path below adapters/), with edits. */
static inline struct form *help_good(struct help *h, const char *name, const char *const (*edits)[2])
{
	struct findings f;
	struct buf b = BUF_INIT;
	char path[512], *text;
	struct form *form;
	struct err e;

	findings_init(&f);
	snprintf(path, sizeof path, SOURCE_DIR "/adapters/%s.yaml", name);
	OK(e, fsys_get(AT_FDCWD, path, 1u << 20, &b, &e));
	text = help_edit(buf_text(&b), edits);
	form = help_form(h, text, &f);
	if (!form)
		findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(form);
	free(text);
	buf_done(&b);
	findings_done(&f);
	return form;
}

#endif
