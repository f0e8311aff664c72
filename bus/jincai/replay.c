/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "acts.h"
#include "clock.h"
#include "extract.h"
#include "fsys.h"
#include "index.h"
#include "json_text.h"
#include "totals.h"
#include "verbs.h"

#define SAMPLES 5u
#define PLAN_MAX (16u << 20)

const char *const replay_states[] = {"planned", "running", "naming", "done", "cancelled"};
const char *const replay_states_zh[] = {"已计划", "进行中", "即将完成", "已完成", "已取消"};

/* ---- what is planned: one pass over the selection ---- */

struct money {
	const struct schema *schema;
	struct names *names;
	struct extract *extract;
	struct slots slots;
};

struct planning {
	struct site *site;
	struct bus *bus;
	struct money *types;
	unsigned ntypes;
	struct totals *sums;         /* term seen */
	uint64_t events, *already;   /* of each destination */
	json_t *samples;
};

static struct money *money_of(struct planning *p, const struct schema *schema)
{
	struct money *m;

	for (unsigned i = 0; i < p->ntypes; i++)
		if (p->types[i].schema == schema)
			return &p->types[i];
	p->types = mem_grow(p->types, p->ntypes + 1u, sizeof *p->types);
	m = &p->types[p->ntypes++];
	m->schema = schema;
	m->names = names_new();
	m->extract = extract_new(schema, m->names);
	slots_init(&m->slots, names_count(m->names));
	return m;
}

static int add_money(struct planning *p, const struct selected *x, struct err *e)
{
	struct money *m = x->schema ? money_of(p, x->schema) : NULL;
	char name[TOTALS_CURRENCY_MAX];
	int amount, currency;
	const struct value *v;

	if (!m)
		return totals_add(p->sums, TOTAL_SEEN, "", SPAN(""), 0, false, e);
	if (extract_run(m->extract, &x->event, &m->slots, e) != 0)
		return -1;
	v = m->slots.v;
	amount = extract_amount_slot(m->extract);
	currency = extract_currency_slot(m->extract);
	return totals_add(p->sums, TOTAL_SEEN, "",
		totals_currency(currency >= 0 ? v[currency].text : SPAN(""), extract_kind_of_money(m->extract), name),
		amount >= 0 ? v[amount].fen : 0, amount >= 0 && v[amount].is_money, e);
}

static int add_already(struct planning *p, struct span id, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;

	for (unsigned d = 0; d < p->site->ndestinations; d++) {
		int got = bus_look(p->bus, NULL, INDEX_TO, index_key(key, 0, span_of(p->site->destinations[d].name), id), &at, e);

		if (got < 0)
			return -1;
		p->already[d] += got == 1;
	}
	return 0;
}

static int look_at_all(struct planning *p, struct selection *s, struct err *e)
{
	struct selected x;
	int got;

	while ((got = selection_next(s, &x, e)) == 1) {
		if (add_money(p, &x, e) != 0 || add_already(p, x.event.id, e) != 0)
			return -1;
		if (p->events++ < SAMPLES)
			json_array_append_new(p->samples, json_stringn(x.event.id.p, x.event.id.n));
		verb_progress("replay", (int64_t)p->events, 0);
	}
	verb_progress("", -1, 0);
	return got;
}

static void planning_done(struct planning *p)
{
	for (unsigned i = 0; i < p->ntypes; i++) {
		slots_done(&p->types[i].slots);
		extract_free(p->types[i].extract);
		names_free(p->types[i].names);
	}
	free(p->types);
	free(p->already);
	totals_free(p->sums);
	json_decref(p->samples);
}

/* ---- the plan in its folder ---- */

static void path_of(struct bus *b, const char *id, const char *end, struct buf *ret)
{
	buf_clear(ret);
	buf_printf(ret, "%s/replay%s%s%s", bus_folder(b), id ? "/" : "", id ? id : "", end);
}

static int put(struct bus *b, const char *id, const char *end, const json_t *o, struct err *e)
{
	struct buf folder = BUF_INIT, name = BUF_INIT;
	char *text = json_dumps(o, JSON_INDENT(1) | JSON_SORT_KEYS);
	int fd = -1, ret;

	path_of(b, NULL, "", &folder);
	buf_printf(&name, "%s%s", id, end);
	ret = fsys_make_path(buf_text(&folder), e);
	if (ret == 0)
		ret = fsys_open_dir(AT_FDCWD, buf_text(&folder), &fd, e);
	if (ret == 0)
		ret = fsys_put(fd, buf_text(&name), span_of(text), e);
	if (fd >= 0)
		close(fd);
	free(text);
	buf_done(&folder);
	buf_done(&name);
	return ret;
}

int replay_save(struct bus *b, const struct replay *r, struct err *e)
{
	json_t *o = json_pack("{s:s,s:I,s:I,s:s}", "state", replay_states[r->state], "events", (json_int_t)r->events, "bytes",
		(json_int_t)r->bytes, "sha256", r->sha256);
	int ret = put(b, r->id, ".at", o, e);

	json_decref(o);
	return ret;
}

static json_t *already_of(const struct planning *p)
{
	json_t *ret = json_array();

	for (unsigned d = 0; d < p->site->ndestinations; d++)
		json_array_append_new(ret, json_pack("{s:s,s:I}", "destination", p->site->destinations[d].name, "events",
			(json_int_t)p->already[d]));
	return ret;
}

static json_t *parsed(struct buf *b)
{
	json_t *ret = json_loadb(b->p, b->n, 0, NULL);

	buf_done(b);
	return ret;
}

/* An absolute path: it is run from any folder. */
static void whole_path(const char *file, struct buf *ret)
{
	char *here = file[0] == '/' ? NULL : getcwd(NULL, 0);

	buf_printf(ret, "%s%s%s", here ? here : "", here ? "/" : "", file);
	free(here);
}

static void write_plan(const struct planning *p, const struct selection *s, const char *file, const char *reason, int64_t took_ms,
	struct replay *ret)
{
	struct buf selection = BUF_INIT, money = BUF_INIT, time = BUF_INIT, path = BUF_INIT, by = BUF_INIT;
	char digest[65];

	selection_digest(s, digest);
	selection_write(s, &selection);
	totals_write(p->sums, &money);
	clock_write(&time, clock_now_ms());
	whole_path(file, &path);
	acts_person(&by);
	snprintf(ret->id, sizeof ret->id, "r-%.4s%.2s%.2s-%.2s%.2s%.2s-%.6s", buf_text(&time), buf_text(&time) + 5, buf_text(&time) + 8,
		buf_text(&time) + 11, buf_text(&time) + 14, buf_text(&time) + 17, digest);
	ret->plan = json_pack("{s:s,s:o,s:s,s:I,s:o,s:o,s:O,s:{s:s},s:s,s:s,s:s,s:I}", "id", ret->id, "selection", parsed(&selection),
		"digest", digest, "events", (json_int_t)p->events, "money", parsed(&money), "already", already_of(p), "samples", p->samples,
		"to", "file", buf_text(&path), "reason", reason, "by", buf_text(&by), "at", buf_text(&time), "seconds",
		(json_int_t)(took_ms * 2 / 1000 + 1));
	buf_done(&time);
	buf_done(&path);
	buf_done(&by);
}

int replay_make(struct site *s, struct bus *b, const struct selection_words *w, const char *file, const char *reason,
	struct replay *ret, struct err *e)
{
	struct planning p = {.site = s, .bus = b, .sums = totals_new(), .samples = json_array(),
		.already = mem_new((s->ndestinations + 1u) * sizeof *p.already)};
	const int64_t began = clock_steady_ms();
	struct selection *selection = NULL;
	int got = -1;

	*ret = (struct replay){.lock = -1};
	if (fsys_exists(AT_FDCWD, file))
		err_set(e, E_REPLAY_TAKEN, "to=%s", file);
	else
		got = selection_open(s, b, w, clock_now_ms(), &selection, e);
	if (got == 0)
		got = look_at_all(&p, selection, e);
	if (got == 0 && !p.events)
		got = err_set(e, E_REPLAY_EMPTY, "%s", "");
	if (got == 0) {
		write_plan(&p, selection, file, reason, clock_steady_ms() - began, ret);
		got = put(b, ret->id, ".json", ret->plan, e);
	}
	selection_close(selection);
	planning_done(&p);
	return got;
}

/* ---- reading it ---- */

static int read_state(struct bus *b, struct replay *r, struct err *e)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	json_t *o;
	int ret = 0;

	path_of(b, r->id, ".at", &path);
	if (fsys_exists(AT_FDCWD, buf_text(&path)))
		ret = fsys_get(AT_FDCWD, buf_text(&path), 4096, &text, e);
	o = json_loadb(text.p ? text.p : "", text.n, 0, NULL);
	for (unsigned i = 0; o && i <= REPLAY_CANCELLED; i++)
		if (strcmp(json_text(o, "state"), replay_states[i]) == 0)
			r->state = (enum replay_state)i;
	r->events = (uint64_t)json_integer_value(json_object_get(o, "events"));
	r->bytes = (uint64_t)json_integer_value(json_object_get(o, "bytes"));
	snprintf(r->sha256, sizeof r->sha256, "%s", json_text(o, "sha256"));
	json_decref(o);
	buf_done(&path);
	buf_done(&text);
	return ret;
}

static bool is_id(const char *id)
{
	return strlen(id) < REPLAY_ID && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(id);
}

int replay_open(struct bus *b, const char *id, bool lock, struct replay *ret, struct err *e)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	int got = 0;

	*ret = (struct replay){.lock = -1};
	path_of(b, is_id(id) ? id : "-", ".json", &path);
	if (!is_id(id) || !fsys_exists(AT_FDCWD, buf_text(&path)))
		got = err_set(e, E_REPLAY_NONE, "plan=%s", id);
	if (got == 0 && lock) {
		ret->lock = open(buf_text(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (ret->lock < 0 || flock(ret->lock, LOCK_EX | LOCK_NB) != 0)
			got = err_set(e, E_REPLAY_RUNS, "plan=%s", id);
	}
	if (got == 0)
		got = fsys_get(AT_FDCWD, buf_text(&path), PLAN_MAX, &text, e);
	if (got == 0) {
		snprintf(ret->id, sizeof ret->id, "%s", id);
		ret->plan = json_loadb(text.p, text.n, 0, NULL);
		got = ret->plan ? read_state(b, ret, e) : err_set(e, E_REPLAY_NONE, "plan=%s", id);
	}
	buf_done(&path);
	buf_done(&text);
	if (got != 0)
		replay_done(ret);
	return got;
}

void replay_done(struct replay *r)
{
	json_decref(r->plan);
	r->plan = NULL;
	if (r->lock >= 0)
		close(r->lock);
	r->lock = -1;
}

int replay_each(struct bus *b, int (*each)(void *arg, const struct replay *r, struct err *e), void *arg, struct err *e)
{
	struct buf folder = BUF_INIT;
	char **names;
	int ret = 0;

	path_of(b, NULL, "", &folder);
	if (fsys_exists(AT_FDCWD, buf_text(&folder)) && (ret = fsys_list(AT_FDCWD, buf_text(&folder), &names, e)) == 0) {
		for (unsigned i = 0; names[i] && ret == 0; i++) {
			char *end = strstr(names[i], ".json");
			struct replay r;

			if (names[i][0] == '.' || !end || end[5])
				continue;
			*end = 0;
			ret = replay_open(b, names[i], false, &r, e);
			if (ret == 0)
				ret = each(arg, &r, e);
			replay_done(&r);
		}
		fsys_list_free(names);
	}
	buf_done(&folder);
	return ret;
}
