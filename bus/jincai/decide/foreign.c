/* SPDX-License-Identifier: Apache-2.0 */
#include "foreign.h"

#include <inttypes.h>
#include <stdlib.h>

#include "acts.h"
#include "hash.h"
#include "index.h"
#include "say.h"
#include "verbs.h"

#define SEEN "foreign"

struct walk {
	const json_t *seen;          /* topic -> partition -> offset */
	struct foreign now;
	struct hash_sha256 *hash;
	int (*each)(void *arg, const struct foreign *f, struct err *e);
	void *arg;
	struct err *e;
	int ret;
};

static int give(struct walk *w)
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	if (w->now.count) {
		hash_sha256_get(w->hash, digest);
		hash_hex(&hex, digest, sizeof digest);
		snprintf(w->now.digest, sizeof w->now.digest, "%s", buf_text(&hex));
		buf_done(&hex);
		w->ret = w->each(w->arg, &w->now, w->e);
	}
	hash_sha256_free(w->hash);
	json_decref(w->now.upto);
	w->now = (struct foreign){0};
	w->hash = NULL;
	return w->ret;
}

static int note(void *arg, struct span key, const struct bus_entry *at)
{
	struct walk *w = arg;
	const char *slash = memchr(key.p, '/', key.n);
	const size_t n = slash ? (size_t)(slash - key.p) : key.n;
	char partition[12], place[140];

	if (n >= sizeof w->now.topic)
		return 0;
	if (!w->hash || !span_is((struct span){key.p, n}, w->now.topic)) {
		if (w->hash && give(w) != 0)
			return w->ret;
		memcpy(w->now.topic, key.p, n);
		w->hash = hash_sha256_new();
		w->now.upto = json_object();
	}
	snprintf(partition, sizeof partition, "%u", at->partition);
	if (at->offset <
		(uint64_t)json_integer_value(json_object_get(json_object_get(w->seen, w->now.topic), partition)))
		return 0;
	snprintf(place, sizeof place, "%s/%u@%" PRIu64, w->now.topic, at->partition, at->offset);
	if (!w->now.count++)
		memcpy(w->now.first, place, sizeof place);
	memcpy(w->now.last, place, sizeof place);
	json_object_set_new(w->now.upto, partition, json_integer((json_int_t)at->offset + 1));
	hash_sha256_add(w->hash, key.p, key.n);
	return 0;
}

/* To be released; NULL is a failure. */
static json_t *read_seen(struct bus *b, struct err *e)
{
	struct buf text = BUF_INIT;
	int got = bus_position_get(b, SITE_KEEPER "/" SEEN, &text, e);
	json_t *o = got == 1 ? json_loadb(text.p, text.n, 0, NULL) : got == 0 ? json_object() : NULL;

	if (got == 1 && !json_is_object(o)) {
		err_set(e, E_FLOW_POSITION, "name=" SITE_KEEPER "/" SEEN);
		json_decref(o);
		o = NULL;
	}
	buf_done(&text);
	return o;
}

int foreign_each(struct bus *b, int (*each)(void *arg, const struct foreign *f, struct err *e), void *arg, struct err *e)
{
	json_t *seen = read_seen(b, e);
	struct walk w = {.seen = seen, .each = each, .arg = arg, .e = e};
	int failed = !seen || bus_entries(b, INDEX_FOREIGN, SPAN(""), note, &w, e) < 0;

	if (w.hash && failed)
		w.now.count = 0;
	if (w.hash && (failed || w.ret == 0))
		give(&w);
	json_decref(seen);
	return failed ? -1 : w.ret;
}

/* ---- seen ---- */

struct found {
	const char *topic;
	char digest[65];
	json_t *upto;
};

static int find(void *arg, const struct foreign *f, struct err *e)
{
	struct found *x = arg;

	(void)e;
	if (strcmp(f->topic, x->topic) != 0)
		return 0;
	memcpy(x->digest, f->digest, sizeof x->digest);
	x->upto = json_incref(f->upto);
	return 0;
}

int foreign_ask(const struct site *s, struct bus *b, const char *subject, const char *reason)
{
	struct found x = {.topic = subject + sizeof FOREIGN - 1};
	struct acts_order o = {.flow = SITE_KEEPER, .what = "seen", .subject = span_of(subject), .reason = reason};
	struct err e;
	bool done = false;
	int code;

	if (foreign_each(b, find, &x, &e) != 0)
		return verb_failed(&e);
	if (!x.upto) {
		err_set(&e, E_ACT_GONE, "subject=%s\nflow=" SITE_KEEPER, subject);
		return verb_failed(&e);
	}
	o.digest = span_of(x.digest);
	code = acts_ask(b, s, &o, &done);
	if (done)
		printf(say("%s 上的外来记录已看过，不再列出。没有发生的事：其中一条也没有处理。\n",
			"the records of others on %s were seen and are no longer listed; what has not happened: not one of them was acted upon\n"),
			x.topic);
	json_decref(x.upto);
	return code;
}

bool foreign_is(const struct act *a)
{
	return span_is(a->what, "seen") && span_starts(a->subject, SPAN(FOREIGN));
}

int foreign_seen(struct flow *keeper, const struct act *a, struct err *e)
{
	char *topic = mem_text((struct span){a->subject.p + sizeof FOREIGN - 1, a->subject.n - (sizeof FOREIGN - 1)}), *text;
	struct found x = {.topic = topic};
	json_t *seen = read_seen(keeper->bus, e);
	int ret = seen ? foreign_each(keeper->bus, find, &x, e) : -1;

	if (ret == 0 && (!x.upto || !span_is(a->digest, x.digest))) {
		ret = flow_act_outcome(keeper, a, "refused", err_code(x.upto ? E_ACT_CHANGED : E_ACT_GONE)->name, e);
	} else if (ret == 0) {
		json_t *of = json_object_get(seen, topic);

		if (of)
			json_object_update(of, x.upto);
		else
			json_object_set(seen, topic, x.upto);
		text = json_dumps(seen, JSON_COMPACT | JSON_SORT_KEYS);
		ret = flow_position_put(keeper, SEEN, span_of(text), e) != 0 || flow_act_outcome(keeper, a, "done", "", e) != 0 ? -1 : 0;
		free(text);
	}
	json_decref(x.upto);
	json_decref(seen);
	free(topic);
	return ret;
}
