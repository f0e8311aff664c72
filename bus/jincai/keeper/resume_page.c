/* SPDX-License-Identifier: Apache-2.0 */
#include "resume_page.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "fsys.h"
#include "guard.h"
#include "items.h"
#include "ledger.h"
#include "parcels.h"
#include "say.h"
#include "show.h"

#define PAGE_MAX 16384u              /* bytes: with its quotes it stays below ACT_ORDER_MAX */

/* What one destination has, beside what the store knows of it. */
struct looking {
	const struct site_destination *to;
	struct parcels parcels;
	struct buf *out;
	struct totals *unknown;      /* of parcels in ledgers that the store does not know */
	enum err_lang lang;
	bool page;                   /* for an order: nothing of it depends on where the verb was called or on what receivers fetch */
	uint64_t lines, strangers;
	char **names;                /* that the ledger says */
	unsigned nnames;
};

static const char *words(const struct looking *l, const char *zh, const char *en)
{
	return l->lang == ERR_ZH ? zh : en;
}

/* The same number may stand for another parcel: in another life of the store it was given to something else. */
static bool is_known(const struct looking *l, const struct ledger_entry *x)
{
	const struct parcel *p = parcels_numbered(&l->parcels, x->no);

	return p && !p->shadow && strcmp(p->digest, x->digest) == 0;
}

static int look_at_entry(void *arg, const struct ledger_entry *x, struct err *e)
{
	struct looking *l = arg;
	char amount[24];

	l->lines++;
	l->names = mem_grow(l->names, l->nnames + 1u, sizeof *l->names);
	l->names[l->nnames++] = mem_text(span_of(x->name));
	if (is_known(l, x))
		return 0;
	l->strangers++;
	buf_printf(l->out,
		words(l, "  本库不知道的：发送批 %" PRIu64 "  ", "  not known to this store: parcel %" PRIu64 "  "),
		x->no);
	show_text(l->out, span_of(x->name));
	buf_printf(l->out, words(l, "  %" PRIu64 " 笔  %s %s  批次 ", "  %" PRIu64 " lines  %s %s  batch "), x->sum.count,
		x->currency, money_text(x->sum.plus + x->sum.minus, amount));
	show_text(l->out, span_of(x->batchid));
	buf_c(l->out, '\n');
	return totals_move(l->unknown, TOTAL_HANDED, "", span_of(x->currency), &x->sum, 1, e);
}

static bool is_ours(const struct looking *l, const char *name)
{
	for (unsigned i = 0; i < l->nnames; i++)
		if (strcmp(l->names[i], name) == 0 ||
			(span_starts(span_of(name), span_of(l->names[i])) && strlen(name) < strlen(l->names[i]) + 8))
			return true;
	for (size_t i = 0; i < l->parcels.n; i++)
		if (strcmp(l->parcels.list[i]->name, name) == 0 || strcmp(l->parcels.list[i]->marker, name) == 0)
			return true;
	return false;
}

/* Files in its folder, and in the folders of units below. */
static int look_at_files(struct looking *l, const char *below, unsigned *there, struct err *e)
{
	struct buf folder = BUF_INIT;
	char **names;
	int ret;

	buf_printf(&folder, "%s%s%s", l->to->folder, below[0] ? "/" : "", below);
	ret = fsys_list(AT_FDCWD, buf_text(&folder), &names, e);
	for (unsigned i = 0; ret == 0 && names[i]; i++) {
		struct buf name = BUF_INIT, path = BUF_INIT;
		DIR *d;

		buf_printf(&name, "%s%s%s", below, below[0] ? "/" : "", names[i]);
		buf_printf(&path, "%s/%s", l->to->folder, buf_text(&name));
		if (names[i][0] == '.')
			;
		else if (!below[0] && (d = opendir(buf_text(&path)))) {
			closedir(d);
			ret = look_at_files(l, names[i], there, e);
		} else if (is_ours(l, buf_text(&name))) {
			++*there;
		} else {
			buf_str(l->out, words(l, "  不是本系统的文件：", "  a file that is not ours: "));
			show_text(l->out, buf_as_span(&name));
			buf_c(l->out, '\n');
		}
		buf_done(&name);
		buf_done(&path);
	}
	if (ret == 0)
		fsys_list_free(names);
	buf_done(&folder);
	return ret;
}

static int look_at_one(struct looking *l, struct bus *b, struct err *e)
{
	unsigned there = 0;
	int ret;

	buf_printf(l->out, "%s  %s\n", l->to->name, l->page ? "" : l->to->folder);
	ret = parcels_load(b, l->to->name, &l->parcels, e);
	if (ret == 0)
		ret = ledger_each(l->to->folder, look_at_entry, l, e);
	if (ret == 0)
		ret = look_at_files(l, "", &there, e);
	if (ret == 0 && !l->page)
		buf_printf(l->out, words(l, "  台账 %" PRIu64 " 个发送批，其中本库不知道的 %" PRIu64 " 个；本库 %zu 个；仍在文件夹里的本系统文件 %u 个\n",
			"  %" PRIu64 " parcels in its ledger, %" PRIu64 " of them not known to this store; %zu in the store; %u files of ours lie there\n"),
			l->lines, l->strangers, l->parcels.n, there);
	for (unsigned i = 0; i < l->nnames; i++)
		free(l->names[i]);
	free(l->names);
	l->names = NULL;
	l->nnames = 0;
	l->lines = l->strangers = 0;
	parcels_done(&l->parcels);
	return ret;
}

static int look_at_all(struct looking *l, const struct site *s, struct bus *b, struct err *e)
{
	int ret = 0;

	for (unsigned i = 0; i < s->ndestinations && ret == 0; i++)
		if (items_pays(&s->destinations[i])) {
			l->to = &s->destinations[i];
			ret = look_at_one(l, b, e);
		}
	return ret;
}

int resume_look(const struct site *s, struct bus *b, struct buf *out, struct err *e)
{
	struct totals *unknown = totals_new();
	int ret = look_at_all(&(struct looking){.out = out, .unknown = unknown, .lang = say_lang()}, s, b, e);

	totals_free(unknown);
	return ret;
}

/* ---- for those who sign ---- */

static void add_sum(void *arg, const struct total_line *line)
{
	char amount[24];

	json_array_append_new(arg, json_pack("{s:s,s:s}", "currency", line->currency, "amount",
		money_text(line->sum.plus + line->sum.minus, amount)));
}

/* The lines that fit, and how many do not: the sums are of all. */
static json_t *lines_of(struct span text)
{
	json_t *ret = json_array();
	unsigned left = 0;
	size_t n = 0;

	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		const size_t len = end ? (size_t)(end - text.p) : text.n;

		left += left || n + len > PAGE_MAX;
		if (!left)
			json_array_append_new(ret, json_stringn(text.p, len));
		n += len + 1;
		text = (struct span){text.p + len + (end != NULL), text.n - len - (end != NULL)};
	}
	if (left) {
		struct buf b = BUF_INIT;

		buf_printf(&b, "!! 放不下，另有 %u 行没有列出：jincai resume / CUT: %u more lines are not shown: jincai resume", left, left);
		json_array_append_new(ret, json_string(buf_text(&b)));
		buf_done(&b);
	}
	return ret;
}

json_t *resume_shows(const struct site *s, struct bus *b, enum err_lang lang, struct err *e)
{
	struct totals *unknown = totals_new();
	struct buf out = BUF_INIT;
	json_t *sums = json_array(), *ret = NULL;

	if (look_at_all(&(struct looking){.out = &out, .unknown = unknown, .lang = lang, .page = true}, s, b, e) == 0) {
		totals_each(unknown, add_sum, sums);
		ret = json_pack("{s:o,s:O}", "what", lines_of(buf_as_span(&out)), "sums", sums);
	}
	json_decref(sums);
	totals_free(unknown);
	buf_done(&out);
	return ret;
}

static int shows_that(const struct site *s, struct bus *b, const struct act *a, enum err_lang lang, struct err *e)
{
	json_t *shows = resume_shows(s, b, lang, e);
	int ret = shows ? act_shows(a, shows, NULL) : -1;

	json_decref(shows);
	return ret;
}

int resume_true(const struct site *s, struct bus *b, const struct act *a, enum err_id *ret, struct err *e)
{
	struct err why;
	char digest[65];
	int got = 0;

	if (guard_look(b, &why, NULL, e) != 0 || guard_digest(s, b, digest, e) != 0)
		return -1;
	*ret = !why.id ? E_GUARD_NONE : span_is(a->digest, digest) ? E_NONE : E_ACT_CHANGED;
	if (*ret || a->approved)
		return 0;
	got = shows_that(s, b, a, ERR_ZH, e);
	if (got == 0)
		got = shows_that(s, b, a, ERR_EN, e);
	*ret = got == 1 ? E_NONE : E_ACT_SHOWS;
	return got < 0 ? -1 : 0;
}
