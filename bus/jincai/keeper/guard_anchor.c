/* SPDX-License-Identifier: Apache-2.0 */
#include "guard_anchor.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "audit.h"
#include "hash.h"

#define LIFE "site/life"
#define HANDED "/handed"

struct walk {
	struct guard_anchor *a;
	json_t *known;               /* key of a position -> its content */
	char life[AUDIT_CHAIN];      /* in lines of our store's openings */
	struct err *e;
};

static void life_chain(const char *store, char ret[AUDIT_CHAIN])
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	hash_sha256(store, strlen(store), digest);
	hash_hex(&hex, digest, sizeof digest);
	snprintf(ret, AUDIT_CHAIN, "%s", buf_text(&hex));
	buf_done(&hex);
}

/* Of a position that is not there an empty object; NULL: failed. */
static const json_t *position(struct walk *w, struct span flow, const char *name)
{
	struct buf key = BUF_INIT, text = BUF_INIT;
	json_t *o;

	buf_span(&key, flow);
	buf_str(&key, name);
	o = json_object_get(w->known, buf_text(&key));
	if (!o && bus_position_get(w->a->bus, buf_text(&key), &text, w->e) >= 0) {
		o = text.n ? json_loadb(text.p, text.n, 0, NULL) : NULL;
		o = o ? o : json_object();
		json_object_set_new(w->known, buf_text(&key), o);
	}
	buf_done(&key);
	buf_done(&text);
	return o;
}

static void is_older(struct walk *w, uint64_t want, uint64_t got)
{
	if (want > got && !w->a->why.id)
		err_set(&w->a->why, E_GUARD_RESTORED, "file=%s\nwant=%" PRIu64 "\ngot=%" PRIu64, w->a->path, want, got);
}

static void look_at_opening(struct walk *w, const struct audit_link *l)
{
	if (strcmp(l->chain, w->life) != 0) {
		w->a->another = true;
		return;
	}
	w->a->ahead = l->n > w->a->ahead ? l->n : w->a->ahead;
	is_older(w, l->n, w->a->openings);
}

static int look_at_parcel(struct walk *w, struct span flow, const struct audit_link *l)
{
	const json_t *o = position(w, flow, "/out");
	const uint64_t next = (uint64_t)json_integer_value(json_object_get(o, "next"));

	if (!o)
		return -1;
	is_older(w, l->n, next ? next - 1 : 0);
	return 0;
}

static int look_at_record(struct walk *w, uint64_t line, struct span flow, const struct audit_link *l)
{
	const json_t *o = position(w, flow, "/acts");
	const uint64_t n = (uint64_t)json_integer_value(json_object_get(o, "n"));
	const char *chain = json_string_value(json_object_get(o, "chain"));

	if (!o)
		return -1;
	is_older(w, l->n, n);
	if (l->n == n && (!chain || strcmp(chain, l->chain) != 0) && !w->a->why.id)
		err_set(&w->a->why, E_GUARD_ANCHOR, "file=%s\nline=%" PRIu64 "\nn=%" PRIu64 "\nwriter=%.*s", w->a->path,
			line, n, SPAN_F(flow));
	return 0;
}

static int look(void *arg, uint64_t line, struct span writer, const struct audit_link *l)
{
	struct walk *w = arg;

	w->a->lines = line;
	if (line <= w->a->accepted || !writer.n || !l->n)
		return 0;
	if (!w->a->store)
		w->a->another = true;
	else if (span_is(writer, LIFE))
		look_at_opening(w, l);
	else if (span_ends(writer, SPAN(HANDED)))
		return look_at_parcel(w, (struct span){writer.p, writer.n - strlen(HANDED)}, l);
	else if (!memchr(writer.p, '/', writer.n))
		return look_at_record(w, line, writer, l);
	return 0;
}

int guard_anchor_look(struct guard_anchor *a, struct err *e)
{
	struct walk w = {.a = a, .known = json_object(), .e = e};
	int ret;

	if (a->store)
		life_chain(a->store, w.life);
	ret = audit_anchor_each(a->path, look, &w, e);
	json_decref(w.known);
	return ret < 0 ? -1 : 0;
}

int guard_anchor_put(const char *path, const char *store, uint64_t openings, struct err *e)
{
	struct audit_link l = {.n = openings};
	struct buf line = BUF_INIT;
	int ret;

	life_chain(store, l.chain);
	audit_line(&line, LIFE, &l, AUDIT_SHA256);
	ret = audit_anchor(path, buf_as_span(&line), e);
	buf_done(&line);
	return ret;
}
