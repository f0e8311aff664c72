/* SPDX-License-Identifier: Apache-2.0 */
#include "closing.h"

#include <inttypes.h>
#include <stdlib.h>

#include "balance.h"
#include "claim.h"
#include "clock.h"
#include "hash.h"
#include "json_text.h"
#include "log.h"

void closing_done(struct closing *c)
{
	json_decref(c->root);
	json_decref(c->carried);
	totals_free(c->terms);
	*c = (struct closing){0};
}

/* ---- what it records ---- */

static json_t *rows_of(const struct totals *t)
{
	struct buf b = BUF_INIT;
	json_t *ret;

	totals_write(t, &b);
	ret = json_loadb(b.p, b.n, 0, NULL);
	buf_done(&b);
	return ret;
}

static void day_text(int64_t day, char ret[11])
{
	ret[0] = 0;
	if (day != DAYS_NONE)
		clock_date(day, ret);
}

static int stop_at_one(void *arg, struct span batchid)
{
	(void)arg;
	(void)batchid;
	return 1;
}

/* A day before that one on which a batch ended and that is not closed: 1, 0, -1. */
static int not_closed_before(struct bus *b, const struct days *d, int64_t day, int64_t *ret, struct err *e)
{
	int64_t at = d->closed + 1;
	int got = 0;

	if (d->closed == DAYS_NONE && (got = journal_first_day(b, &at, e)) <= 0)
		return got;
	for (got = 0; at < day && got == 0; at++) {
		got = journal_day(b, at, stop_at_one, NULL, e);
		*ret = at;
	}
	return got;
}

/* 0 none; 1, *e says it; -1. */
static int objection(struct bus *b, const struct days *d, int64_t day, struct err *e)
{
	const int64_t today = clock_day(clock_now_ms());
	char text[11], other[11];
	int64_t first = 0;
	int got;

	clock_date(day, text);
	if (d->closed != DAYS_NONE && day <= d->closed) {
		clock_date(d->closed, other);
		return err_set(e, E_CLOSE_AGAIN, "day=%s\nlast=%s", text, other), 1;
	}
	if (day > today) {
		clock_date(today, other);
		return err_set(e, E_CLOSE_FUTURE, "day=%s\ntoday=%s", text, other), 1;
	}
	got = not_closed_before(b, d, day, &first, e);
	if (got != 1)
		return got;
	clock_date(first, other);
	return err_set(e, E_CLOSE_BEFORE, "day=%s\nfirst=%s", text, other), 1;
}

/* Those of one day that is closed, together. */
static int add_late(json_t *late, const struct days_batch *x, struct totals *more, struct totals *less, struct err *e)
{
	json_t *last = json_array_get(late, json_array_size(late) - 1);
	char day[11];

	if (totals_is_empty(x->more) && totals_is_empty(x->less))
		return 0;
	day_text(x->day, day);
	if (!last || strcmp(json_text(last, "day"), day) != 0) {
		json_array_append_new(late, last = json_pack("{s:s}", "day", day));
		totals_clear(more);
		totals_clear(less);
	}
	if (totals_merge(more, x->more, e) != 0 || totals_merge(less, x->less, e) != 0)
		return -1;
	json_object_set_new(last, "more", rows_of(more));
	json_object_set_new(last, "less", rows_of(less));
	return 0;
}

/* The day on which its file was taken, DAYS_NONE when no claim of it is there. */
static int came_on(struct bus *b, struct span batchid, int64_t *ret, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	const int got = claim_find(b, NULL, batchid, &record, &a, &c, e);

	*ret = got == 1 ? clock_day(c.time_ms) : DAYS_NONE;
	totals_free(c.totals);
	arena_done(&a);
	buf_done(&record);
	return got < 0 ? -1 : 0;
}

/* What came after that day is none of its business, and what comes while two people sign does not void their act. */
static int add_open(struct bus *b, struct closing *c, int64_t day, json_t *open, const struct days_batch *x, struct err *e)
{
	struct totals *t = totals_new();
	int64_t since = x->day;
	char ended[11], came[11];
	int got = x->day == DAYS_NONE ? came_on(b, buf_as_span(&x->id), &since, e) : 0;

	if (got == 0 && (since == DAYS_NONE || since <= day))
		got = days_open(b, x, t, e);
	if (got == 1) {
		day_text(x->day, ended);
		day_text(since, came);
		json_array_append_new(open, json_pack("{s:s%,s:s,s:s,s:o}", "batch", x->id.p, x->id.n, "day", ended, "since", came,
			"terms", rows_of(t)));
		if (x->day != DAYS_NONE)
			json_array_append_new(c->carried, json_stringn(x->id.p, x->id.n));
	}
	totals_free(t);
	return got < 0 ? -1 : 0;
}

struct adding {
	const struct site *site;
	struct bus *bus;
	const struct days *days;
	int64_t day;
	struct closing *closing;
	json_t *late, *open;
	struct totals *more, *less;  /* what is late of one day */
	struct days_batch batch;
};

static int add_one(struct adding *a, const struct days_listed *of, struct err *e)
{
	const struct days_batch *x = &a->batch;

	if (days_batch_load(a->bus, a->days, NULL, span_of(of->id), &a->batch, e) < 0)
		return -1;
	if (!x->begun)
		return 0;
	if (x->day == a->day && days_net(a->site, x, a->closing->terms, e) != 0)
		return -1;
	if (x->day != a->day && x->day != DAYS_NONE && add_late(a->late, x, a->more, a->less, e) != 0)
		return -1;
	return add_open(a->bus, a->closing, a->day, a->open, x, e);
}

static int add_all(struct adding *a, struct err *e)
{
	struct days_list list;
	int ret = days_list_load(a->bus, a->days, a->day, &list, e);

	if (ret != 0)
		return -1;
	a->more = totals_new();
	a->less = totals_new();
	days_batch_init(&a->batch);
	for (size_t i = 0; i < list.n && ret == 0; i++)
		ret = add_one(a, list.all[i], e);
	days_batch_done(&a->batch);
	totals_free(a->more);
	totals_free(a->less);
	days_list_done(&list);
	return ret;
}

static void digest_of(struct closing *c)
{
	char *text = json_dumps(c->root, JSON_COMPACT | JSON_SORT_KEYS);
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	hash_sha256(text, strlen(text), digest);
	hash_hex(&hex, digest, sizeof digest);
	snprintf(c->digest, sizeof c->digest, "%s", buf_text(&hex));
	buf_done(&hex);
	free(text);
}

static size_t bytes_of(const json_t *root)
{
	char *text = json_dumps(root, JSON_COMPACT);
	size_t n = strlen(text);

	free(text);
	return n;
}

/* 1, 0, -1. */
static int make(const struct site *s, struct bus *b, const struct days *d, int64_t day, struct closing *c,
	struct err *e)
{
	json_t *late = json_array(), *open = json_array();
	const struct balance balance = {.all = c->terms};
	struct adding all = {.site = s, .bus = b, .days = d, .day = day, .closing = c, .late = late, .open = open};
	char text[11];
	unsigned wrong;

	clock_date(day, text);
	c->upto = d->end;
	c->carried = json_array();
	c->root = json_pack("{s:s,s:o,s:o}", "day", text, "late", late, "open", open);
	if (add_all(&all, e) != 0)
		return -1;
	json_object_set_new(c->root, "terms", rows_of(c->terms));
	digest_of(c);
	if ((wrong = balance_wrong(&balance, s)) > 0)
		return err_set(e, E_CLOSE_WRONG, "day=%s\ncount=%u", text, wrong), 0;
	if (bytes_of(c->root) > CLOSING_BYTES)
		return err_set(e, E_CLOSE_LARGE, "day=%s\nopen=%zu", text, json_array_size(open)), 0;
	return 1;
}

int closing_make(const struct site *s, struct bus *b, struct span day, struct closing *ret, struct err *e)
{
	struct days d;
	int64_t number;
	int got;

	*ret = (struct closing){.terms = totals_new()};
	*e = ERR_INIT;
	if (clock_date_read(day, &number) != 0) {
		err_set(e, E_BALANCE_DAY, "text=%.*s", SPAN_F(day));
		return 0;
	}
	if (days_load(b, &d, e) != 0)
		return -1;
	got = objection(b, &d, number, e);
	got = got ? (got < 0 ? -1 : 0) : make(s, b, &d, number, ret, e);
	days_done(&d);
	return got;
}

/* ---- the act ---- */

static enum err_id differs(const struct act *a, const struct closing *c, int got, const struct err *e)
{
	return got == 0 ? e->id : span_is(a->digest, c->digest) ? E_NONE : E_ACT_CHANGED;
}

static bool shows_that(const struct act *a, const struct closing *c, enum err_lang lang)
{
	json_t *shows = closing_shows(c, lang);
	bool ret = act_shows(a, shows, NULL);

	json_decref(shows);
	return ret;
}

int closing_true(const struct site *s, struct bus *b, const struct act *a, enum err_id *ret, struct err *e)
{
	struct closing c;
	int got = closing_make(s, b, a->subject, &c, e);

	if (got >= 0) {
		*ret = differs(a, &c, got, e);
		*e = ERR_INIT;
		if (*ret == E_NONE && !a->approved && !shows_that(a, &c, ERR_ZH) && !shows_that(a, &c, ERR_EN))
			*ret = E_ACT_SHOWS;
	}
	closing_done(&c);
	return got < 0 ? -1 : 0;
}

static int put(struct flow *f, const char *name, json_t *o, struct err *e)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	int ret = flow_position_put(f, name, span_of(text), e);

	free(text);
	json_decref(o);
	return ret;
}

static int record(struct flow *f, const struct act *a, struct closing *c, struct err *e)
{
	json_t *day = json_deep_copy(c->root);
	struct buf name = BUF_INIT;
	int ret;

	json_object_set_new(day, "digest", json_string(c->digest));
	json_object_set_new(day, "act", json_stringn(a->id.p, a->id.n));
	json_object_set_new(day, "at", json_stringn(a->at.p, a->at.n));
	buf_printf(&name, "day/%.*s", SPAN_F(a->subject));
	ret = put(f, buf_text(&name), day, e);
	if (ret == 0)
		ret = put(f, "closed", json_pack("{s:s%,s:I,s:O}", "day", a->subject.p, a->subject.n, "upto",
			(json_int_t)c->upto, "open", c->carried), e);
	buf_done(&name);
	if (ret == 0)
		log_line(LOG_WARN, "balance.closed", "day=%.*s open=%zu by=%.*s", SPAN_F(a->subject),
			json_array_size(json_object_get(c->root, "open")), SPAN_F(a->by));
	return ret != 0 || flow_act_outcome(f, a, "done", "", e) != 0 ? -1 : 0;
}

int closing_act(struct flow *f, const struct site *s, const struct act *a, struct err *e)
{
	struct closing c;
	int got = closing_make(s, f->bus, a->subject, &c, e), ret = -1;

	if (got >= 0) {
		const enum err_id why = differs(a, &c, got, e);

		*e = ERR_INIT;
		ret = why ? flow_act_outcome(f, a, "refused", err_code(why)->name, e) : record(f, a, &c, e);
	}
	closing_done(&c);
	return ret;
}

int closing_find(struct bus *b, int64_t day, json_t **ret, struct err *e)
{
	struct buf name = BUF_INIT, text = BUF_INIT;
	char date[11];
	int got;

	clock_date(day, date);
	buf_printf(&name, SITE_KEEPER "/day/%s", date);
	got = bus_position_get(b, buf_text(&name), &text, e);
	if (got == 1 && !(*ret = json_loadb(text.p, text.n, 0, NULL)))
		got = err_set(e, E_FLOW_POSITION, "name=%s", buf_text(&name));
	buf_done(&name);
	buf_done(&text);
	return got;
}
