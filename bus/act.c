/* SPDX-License-Identifier: Apache-2.0 */
#include "act.h"

#include <stdlib.h>
#include <string.h>

#include "charset.h"
#include "hash.h"

/* Of a position key "<flow>/acts" the flow; an empty span of any other. */
static struct span flow_of(struct span key)
{
	const struct span tail = SPAN("/acts");

	return key.n > tail.n && span_ends(key, tail) ? (struct span){key.p, key.n - tail.n} : SPAN("");
}

struct span act_text(const struct act *a, const char *name)
{
	const char *t = json_string_value(json_object_get(a->root, name));

	return t ? span_of(t) : SPAN("");
}

uint64_t act_number(const struct act *a, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(a->root, name));

	return n > 0 ? (uint64_t)n : 0;
}

void act_read(struct span id, struct span text, struct act *ret)
{
	*ret = (struct act){.text = text, .id = id, .root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL)};
	if (ret->root && (!json_is_object(ret->root) || !span_eq(act_text(ret, "id"), id))) {
		json_decref(ret->root);
		ret->root = NULL;
	}
	ret->site = act_text(ret, "site");
	ret->flow = act_text(ret, "flow");
	ret->what = act_text(ret, "act");
	ret->subject = act_text(ret, "subject");
	ret->digest = act_text(ret, "digest");
	ret->by = act_text(ret, "by");
	ret->at = act_text(ret, "at");
	ret->reason = act_text(ret, "reason");
	ret->until = act_text(ret, "until");
}

void act_done(struct act *a)
{
	json_decref(a->root);
	a->root = NULL;
}

json_t *act_kept(const struct act *a, const char *const *names)
{
	json_t *o = json_object();

	for (; *names; names++) {
		size_t max = strcmp(*names, "args") == 0 ? sizeof ((struct err *)0)->args : ACT_REASON_MAX;
		struct span text = charset_cut(CHARSET_UTF8, act_text(a, *names), max);

		if (json_is_string(json_object_get(a->root, *names)))
			json_object_set_new(o, *names, json_stringn(text.p, text.n));
	}
	return o;
}

size_t act_bytes_kept(const json_t *o)
{
	return json_dumpb(o, NULL, 0, JSON_COMPACT);
}

void act_digest(struct span text, char ret[ACT_DIGEST])
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	hash_sha256(text.p, text.n, digest);
	hash_hex(&hex, digest, sizeof digest);
	memcpy(ret, buf_text(&hex), ACT_DIGEST);
	buf_done(&hex);
}

void act_stop_digest(const json_t *stop, char ret[ACT_DIGEST])
{
	static const char *const names[] = {"id", "by", "at", "reason", "code", "args", NULL};
	json_t *o = json_object();
	char *text;

	for (const char *const *n = names; *n; n++)
		if (json_object_get(stop, *n))
			json_object_set(o, *n, json_object_get(stop, *n));
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	act_digest(span_of(text), ret);
	free(text);
	json_decref(o);
}

/* ---- what waits, as the positions say ---- */

struct walk {
	acts_each_pending *pending;
	acts_each_stopped *stopped;
	void *arg;
	struct err *e;
	int ret;
};

static int walk_proposals(struct walk *w, const json_t *list)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		const char *id = json_string_value(json_object_get(o, "id"));
		const char *order = json_string_value(json_object_get(o, "order"));
		struct act a;

		if (!id || !order)
			return err_set(w->e, E_FLOW_POSITION, "name=acts");
		act_read(span_of(id), span_of(order), &a);
		w->ret = w->pending(w->arg, &a, json_object_get(o, "approvals"), w->e);
		act_done(&a);
		if (w->ret)
			return w->ret;
	}
	return 0;
}

static int walk_position(void *arg, struct span key, struct span value)
{
	struct walk *w = arg;
	struct span flow = flow_of(key);
	const json_t *stop;
	json_t *o;

	if (!flow.n)
		return 0;
	o = json_loadb(value.p, value.n, 0, NULL);
	stop = json_object_get(o, "stop");
	if (!o)
		w->ret = err_set(w->e, E_FLOW_POSITION, "name=%.*s", SPAN_F(key));
	else if (w->pending)
		w->ret = walk_proposals(w, json_object_get(o, "proposals"));
	else if (stop)
		w->ret = w->stopped(w->arg, flow, stop, w->e);
	json_decref(o);
	return w->ret;
}

static int walk(struct bus *b, struct walk *w)
{
	if (bus_positions(b, "", walk_position, w, w->e) < 0)
		return -1;
	return w->ret;
}

int acts_pending(struct bus *b, acts_each_pending *each, void *arg, struct err *e)
{
	return walk(b, &(struct walk){.pending = each, .arg = arg, .e = e});
}

int acts_stopped(struct bus *b, acts_each_stopped *each, void *arg, struct err *e)
{
	return walk(b, &(struct walk){.stopped = each, .arg = arg, .e = e});
}

static bool is_named(const char *name, const char *const *names)
{
	while (names && *names && strcmp(*names, name) != 0)
		names++;
	return names && *names;
}

bool act_shows(const struct act *a, const json_t *shows, const char *const *more)
{
	static const char *const texts[] = {
		"id", "site", "flow", "act", "subject", "digest", "by", "at", "reason", "until", NULL};
	const json_t *is = json_object_get(a->root, "shows");
	const char *name;
	json_t *v;

	json_object_foreach(a->root, name, v)
		if (!(is_named(name, texts) ? json_is_string(v) : strcmp(name, "shows") == 0 || is_named(name, more)))
			return false;
	return shows ? json_equal(is, shows) : !is;
}
