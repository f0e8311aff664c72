/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "acts.h"
#include "fsys.h"
#include "guard.h"
#include "items.h"
#include "ledger.h"
#include "parcels.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

#define WHAT_MAX 3000u               /* bytes of the list that those who approve are shown */

/* What one destination has, beside what the store knows of it. */
struct looking {
	const struct site_destination *to;
	struct parcels parcels;
	struct buf *out;
	struct totals *unknown;      /* of parcels in ledgers that the store does not know */
	uint64_t lines, strangers;
	char **names;                /* that the ledger says */
	unsigned nnames;
};

/* The same number may stand for another parcel: in another life of the store it was given to something else. */
static bool is_known(const struct looking *l, const struct ledger_entry *x)
{
	const struct parcel *p = parcels_numbered(&l->parcels, x->no);

	return p && !p->shadow && strcmp(p->digest, x->digest) == 0;
}

static int look_at_entry(void *arg, const struct ledger_entry *x, struct err *e)
{
	struct looking *l = arg;
	char amount[24], name[64];

	l->lines++;
	l->names = mem_grow(l->names, l->nnames + 1u, sizeof *l->names);
	l->names[l->nnames++] = mem_text(span_of(x->name));
	if (is_known(l, x))
		return 0;
	l->strangers++;
	buf_printf(l->out, say("  本库不知道的：发送批 %" PRIu64 "  ", "  not known to this store: parcel %" PRIu64 "  "), x->no);
	show_text(l->out, span_of(x->name));
	buf_printf(l->out, say("  %" PRIu64 " 笔  %s %s  批次 ", "  %" PRIu64 " lines  %s %s  batch "), x->sum.count,
		show_currency(x->currency, name), money_text(x->sum.plus + x->sum.minus, amount));
	show_text(l->out, span_of(x->batchid));
	buf_c(l->out, '\n');
	return totals_move(l->unknown, TOTAL_HANDED, "", span_of(x->currency), &x->sum, 1, e);
}

static bool is_ours(const struct looking *l, const char *name)
{
	for (unsigned i = 0; i < l->nnames; i++)
		if (strcmp(l->names[i], name) == 0 || (span_starts(span_of(name), span_of(l->names[i])) && strlen(name) < strlen(l->names[i]) + 8))
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
			buf_str(l->out, say("  不是本系统的文件：", "  a file that is not ours: "));
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

	buf_printf(l->out, "%s  %s\n", l->to->name, l->to->folder);
	ret = parcels_load(b, l->to->name, &l->parcels, e);
	if (ret == 0)
		ret = ledger_each(l->to->folder, look_at_entry, l, e);
	if (ret == 0)
		ret = look_at_files(l, "", &there, e);
	if (ret == 0)
		buf_printf(l->out, say("  台账 %" PRIu64 " 个发送批，其中本库不知道的 %" PRIu64 " 个；本库 %zu 个；仍在文件夹里的本系统文件 %u 个\n",
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

static int look_at_all(const struct site *s, struct bus *b, struct buf *out, struct totals *unknown, struct err *e)
{
	struct looking l = {.out = out, .unknown = unknown};
	int ret = 0;

	for (unsigned i = 0; i < s->ndestinations && ret == 0; i++)
		if (items_destination(&s->destinations[i])) {
			l.to = &s->destinations[i];
			ret = look_at_one(&l, b, e);
		}
	return ret;
}

/* ---- the order ---- */

static void add_sum(void *arg, const struct total_line *line)
{
	char amount[24];

	json_array_append_new(arg, json_pack("{s:s,s:s}", "currency", line->currency, "amount",
		money_text(line->sum.plus + line->sum.minus, amount)));
}

static int ask(const struct args *a, struct site *s, struct bus *b, const struct buf *out, const struct totals *unknown, struct err *e)
{
	struct acts_order o = {.flow = SITE_KEEPER, .what = "resume", .subject = SPAN(GUARD_MONEY), .reason = a->reason};
	json_t *sums = json_array(), *shows;
	char digest[65];
	bool done = false;
	int n = out->n < WHAT_MAX ? (int)out->n : (int)WHAT_MAX, code;

	if (guard_digest(s, b, digest, e) != 0) {
		json_decref(sums);
		return verb_failed(e);
	}
	while (n < (int)out->n && n > 0 && out->p[n - 1] != '\n')
		n--;
	totals_each(unknown, add_sum, sums);
	shows = json_pack("{s:s%,s:o}", "what", out->n ? out->p : "", (size_t)n, "sums", sums);
	o.digest = span_of(digest);
	o.shows = shows;
	code = acts_ask(b, s, &o, &done);
	if (done)
		printf("%s", say("付款已恢复。没有发生的事：各去向台账上已有的不再发一次。\n",
			"the money goes on; what has not happened: what a ledger says was handed over is not sent again\n"));
	json_decref(shows);
	return code;
}

static int resume(const struct args *a, struct site *s, struct bus *b)
{
	struct totals *unknown = totals_new();
	struct buf out = BUF_INIT;
	struct err why, e;
	int code = 0;

	if (guard_look(b, &why, NULL, &e) != 0 || look_at_all(s, b, &out, unknown, &e) != 0) {
		code = verb_failed(&e);
	} else if (!why.id && !a->reason) {
		fprintf(stderr, "%s", say("付款没有停\n", "the money is not stopped\n"));
	} else if (!why.id) {
		err_set(&e, E_GUARD_NONE, "%s", "");
		code = verb_failed(&e);
	} else {
		struct buf shown = BUF_INIT;

		err_print(&why, say_lang(), stderr);
		buf_span(&shown, buf_as_span(&out));
		show_flush(&shown, stdout);
		buf_done(&shown);
		code = a->reason ? ask(a, s, b, &out, unknown, &e) : 1;
		if (!a->reason)
			fprintf(stderr, "%s", say("请与接收方核对以上内容；核对之后：jincai resume --reason 理由\n",
				"compare this with what the receivers have; then: jincai resume --reason TEXT\n"));
	}
	totals_free(unknown);
	buf_done(&out);
	return code;
}

int verb_resume_money(const struct args *a)
{
	int code = 0;
	struct site *s = verb_site(a, &code);
	struct bus *b;

	if (s && (b = verb_look(s, &code))) {
		code = resume(a, s, b);
		bus_close(b);
	}
	site_free(s);
	return code;
}
