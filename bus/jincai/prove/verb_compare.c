/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "compare.h"
#include "fsys.h"
#include "parcels.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

#define FILE_MAX ((size_t)1 << 30)

struct chosen {
	struct site *site;
	const struct site_destination *to;
	struct bus *bus;
	const char *name;            /* of the file that was given: its last word */
	struct outfile theirs;
	struct parcels parcels;      /* of the destination */
};

/* ---- which one is meant ---- */

static const char *last_word(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The day of a parcel stands in the name, with or without hyphens. */
static bool names_day(const char *name, const char *date)
{
	char plain[9] = "";

	if (strlen(date) != 10)
		return false;
	snprintf(plain, sizeof plain, "%.4s%.2s%.2s", date, date + 5, date + 8);
	return strstr(name, plain) || strstr(name, date);
}

static bool fits(const struct chosen *c, const struct parcel *p, unsigned how)
{
	const struct money_sum *s = &c->theirs.sum;
	bool day = names_day(c->name, p->date), alike = p->sum.count == s->count && p->sum.plus == s->plus &&
		p->sum.minus == s->minus;

	switch (how) {
	case 0:
		return strcmp(last_word(p->name), c->name) == 0;
	case 1:
		return day && alike;
	case 2:
		return alike;
	default:
		return day;
	}
}

/* By name, by day with count and sum, by these, by day: the first of them that one parcel alone fits. */
static const struct parcel *choose(const struct chosen *c, struct err *e)
{
	const struct parcel *found = NULL;
	unsigned most = 0;

	for (unsigned how = 0; how < 4; how++) {
		unsigned n = 0;

		for (size_t i = 0; i < c->parcels.n; i++)
			if (fits(c, c->parcels.list[i], how)) {
				found = c->parcels.list[i];
				n++;
			}
		if (n == 1)
			return found;
		most = n > most ? n : most;
	}
	err_set(e, E_COMPARE_WHICH, "destination=%s\nfile=%s\ncount=%u", c->to->name, c->name, most);
	return NULL;
}

static const struct parcel *numbered(const struct chosen *c, const char *number, struct err *e)
{
	char *end;
	const struct parcel *p = parcels_numbered(&c->parcels, strtoull(number, &end, 10));

	if (!p || *end)
		err_set(e, E_COMPARE_NONE, "destination=%s\nnumber=%s", c->to->name, number);
	return *end ? NULL : p;
}

/* ---- its bytes ---- */

static int get_if_there(struct buf *path, struct buf *bytes, struct err *e)
{
	if (fsys_get(AT_FDCWD, buf_text(path), FILE_MAX, bytes, e) == 0)
		return 1;
	return e->id == E_FILE_MISSING ? 0 : -1;
}

static int parcel_bytes(const struct chosen *c, const struct parcel *p, struct buf *path, struct buf *bytes, struct err *e)
{
	struct buf folder = BUF_INIT;
	int got;

	if (p->shadow)
		site_shadow_folder(&folder, c->bus, c->to->name);
	else
		buf_str(&folder, c->to->folder);
	buf_printf(path, "%s/%s", buf_text(&folder), p->name);
	got = get_if_there(path, bytes, e);
	if (got == 0) {
		buf_clear(path);
		buf_printf(path, "%s/.staging/%s", buf_text(&folder), p->staged);
		got = get_if_there(path, bytes, e);
	}
	buf_done(&folder);
	if (got == 0)
		return err_set(e, E_COMPARE_GONE, "number=%" PRIu64 "\nname=%s\ndestination=%s", p->no, p->name, c->to->name);
	return got < 0 ? -1 : 0;
}

static bool is_as_planned(const struct parcel *p, const struct buf *bytes)
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;
	bool same;

	hash_sha256(bytes->p, bytes->n, digest);
	hash_hex(&hex, digest, sizeof digest);
	same = span_is(buf_as_span(&hex), p->digest);
	buf_done(&hex);
	return same;
}

static int compare(struct chosen *c, const struct parcel *p, struct err *e)
{
	struct buf path = BUF_INIT, bytes = BUF_INIT, out = BUF_INIT;
	struct outfile ours = {.arena = ARENA_INIT};
	uint64_t n = 0;
	int ret = parcel_bytes(c, p, &path, &bytes, e);

	if (ret == 0 && !is_as_planned(p, &bytes))
		ret = err_set(e, E_PARCEL_ALTERED, "no=%" PRIu64 "\nname=%s\ndestination=%s\nstaged=%s", p->no, p->name,
			c->to->name, p->staged);
	if (ret == 0)
		ret = outfile_read(c->to->form, buf_as_span(&bytes), &ours, e);
	if (ret == 0) {
		fprintf(stderr,
			say("与 %s 的发送批 %" PRIu64 " 比较：%s\n",
				"compared with parcel %2$" PRIu64 " of %1$s: %3$s\n"),
			c->to->name, p->no, buf_text(&path));
		n = compare_files(c->site->library, c->to->form, &ours, &c->theirs, &out);
		show_flush(&out, stdout);
		if (n)
			fprintf(stderr, say("共 %" PRIu64 " 处不同\n", "%" PRIu64 " differences\n"), n);
		ret = n != 0;
	}
	outfile_done(&ours);
	buf_done(&path);
	buf_done(&bytes);
	buf_done(&out);
	return ret;
}

static int compare_file(struct chosen *c, const struct args *a, struct err *e)
{
	struct buf bytes = BUF_INIT;
	const struct parcel *p = NULL;
	int ret = -1;

	if (fsys_get(AT_FDCWD, a->words[1], FILE_MAX, &bytes, e) == 0 &&
		outfile_read(c->to->form, buf_as_span(&bytes), &c->theirs, e) == 0 &&
		parcels_load(c->bus, c->to->name, &c->parcels, e) == 0)
		p = a->parcel ? numbered(c, a->parcel, e) : choose(c, e);
	if (p)
		ret = compare(c, p, e);
	outfile_done(&c->theirs);
	buf_done(&bytes);
	return ret;
}

int verb_compare(const struct args *a)
{
	struct chosen c = {.theirs = {.arena = ARENA_INIT}};
	struct err e;
	int code = 0, got = -1;

	if (a->nwords != 2)
		return verb_misused(a);
	c.name = last_word(a->words[1]);
	c.site = verb_site(a, &code);
	if (c.site && (c.bus = verb_look(c.site, &code))) {
		for (unsigned i = 0; i < c.site->ndestinations; i++)
			if (strcmp(c.site->destinations[i].name, a->words[0]) == 0)
				c.to = &c.site->destinations[i];
		if (!c.to)
			err_set(&e, E_SITE_NO_FLOW, "name=%s", a->words[0]);
		else if (!c.to->folder)              /* events on a topic are no file */
			err_set(&e, E_COMPARE_NONE, "destination=%s\nnumber=-", c.to->name);
		else
			got = compare_file(&c, a, &e);
		code = got < 0 ? verb_failed(&e) : got;
		bus_close(c.bus);
	}
	parcels_done(&c.parcels);
	site_free(c.site);
	return code;
}
