/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "acts.h"
#include "clock.h"
#include "extract.h"
#include "fsys.h"
#include "hash.h"
#include "index.h"
#include "replay_batches.h"
#include "replay_mask.h"
#include "say.h"
#include "totals.h"
#include "verbs.h"

#define SAMPLES 5u
#define DECIDE_MS 1000
#define NOT_MAX 1000u                /* batches that do not go, in a plan */
#define ORDER_ROOM (ACT_ORDER_MAX - 4096u)   /* of an order, for a plan */

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
	bool masks;                  /* it goes onto a topic */
	json_t *masked;
	struct replay_batches *batches;      /* it goes to a destination */
	int fd;                      /* of what others were given of it; -1: it moves no money */
	struct buf path, scratch;
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

/* Can it be given to consumers, and what is masked in events of its type? */
static int add_masked(struct planning *p, const struct selected *x, struct err *e)
{
	struct buf b = BUF_INIT, fields = BUF_INIT;
	bool known = false;
	const json_t *one;
	size_t i;

	buf_clear(&p->scratch);
	if (!p->masks)
		return 0;
	if (replay_mask(x, &p->scratch, e) != 0)
		return -1;
	if (replay_kind_of(x->topic) != REPLAY_EVENTS)
		return 0;
	replay_masked(x->schema, &fields);
	buf_printf(&b, "%s %s", schema_type(x->schema), buf_text(&fields));
	json_array_foreach(p->masked, i, one)
		known |= strcmp(json_string_value(one), buf_text(&b)) == 0;
	if (fields.n && !known)
		json_array_append_new(p->masked, json_string(buf_text(&b)));
	buf_done(&b);
	buf_done(&fields);
	return 0;
}

static int look_at_all(struct planning *p, struct selection *s, struct err *e)
{
	struct selected x;
	int got;

	while ((got = selection_next(s, &x, e)) == 1) {
		if (add_money(p, &x, e) != 0 || add_already(p, x.event.id, e) != 0 || add_masked(p, &x, e) != 0 ||
			(p->batches && replay_batches_add(p->batches, &x, e) != 0))
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
	json_decref(p->masked);
	replay_batches_free(p->batches);
	buf_done(&p->path);
	buf_done(&p->scratch);
}

/* ---- the plan ---- */

static json_t *already_of(const struct planning *p)
{
	json_t *ret = json_array();

	for (unsigned d = 0; d < p->site->ndestinations; d++)
		json_array_append_new(ret,
			json_pack("{s:s,s:I}", "destination", p->site->destinations[d].name, "events",
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

static int check_topics(const struct selection *s, bool given, struct err *e)
{
	struct buf text = BUF_INIT;
	json_t *o;
	int ret;

	selection_write(s, &text);
	o = parsed(&text);
	ret = given ? replay_batches_taken(o, e) : replay_topic_takes(o, e);
	json_decref(o);
	return ret;
}

static json_t *where_to(const struct replay_to *to, const char *topic)
{
	struct buf path = BUF_INIT;
	json_t *ret;

	if (to->file)
		whole_path(to->file, &path);
	ret = to->file ? json_pack("{s:s}", "file", buf_text(&path)) : to->topic ? json_pack("{s:s}", "topic", topic)
		: json_pack("{s:s}", "destination", to->destination);
	buf_done(&path);
	return ret;
}

/* What goes, and of what does not why: the first of them, the digest is of all. */
static int write_batches(const struct replay_batches *x, json_t *plan, struct err *e)
{
	json_t *not = json_array(), *goes, *handed;

	for (unsigned i = 0; i < replay_batches_count(x); i++) {
		const struct replay_batch *b = replay_batches_at(x, i);

		if (b->verdict != REPLAY_GOES && json_array_size(not) < NOT_MAX)
			json_array_append_new(not, json_pack("{s:s,s:s}", "batch", b->id, "why", replay_verdicts[b->verdict]));
	}
	json_object_set_new(plan, "batches", json_integer(replay_batches_count(x)));
	json_object_set_new(plan, "not", not);
	if (replay_batches_goes(x, &goes, e) != 0)
		return -1;
	json_object_set_new(plan, "goes", goes);
	if (replay_batches_handed(x, &handed, e) != 0)
		return -1;
	if (handed)
		json_object_set_new(plan, "handed", handed);
	return 0;
}

/* "r-20261205-093000-1a2b3c", never twice: a plan is never changed. */
static void make_id(char ret[REPLAY_ID])
{
	struct buf hex = BUF_INIT, text = BUF_INIT;
	const char *time;
	uint8_t random[3];

	clock_write(&text, clock_now_ms());
	time = buf_text(&text);
	if (getrandom(random, sizeof random, 0) == (ssize_t)sizeof random)
		hash_hex(&hex, random, sizeof random);
	else
		buf_printf(&hex, "%06x", (unsigned)clock_steady_ms() & 0xffffffu);
	snprintf(ret, REPLAY_ID, "r-%.4s%.2s%.2s-%.2s%.2s%.2s-%s", time, time + 5, time + 8, time + 11, time + 14,
		time + 17, buf_text(&hex));
	buf_done(&hex);
	buf_done(&text);
}

static int write_plan(const struct planning *p, const struct selection *s, json_t *to, const char *reason,
	int64_t took_ms, struct replay *ret, struct err *e)
{
	struct buf selection = BUF_INIT, money = BUF_INIT, time = BUF_INIT, by = BUF_INIT;
	char digest[65];
	int failed = 0;

	selection_digest(s, digest);
	selection_write(s, &selection);
	totals_write(p->sums, &money);
	clock_write(&time, clock_now_ms());
	acts_person(&by);
	ret->plan = json_pack("{s:s,s:o,s:s,s:I,s:o,s:o,s:O,s:o,s:s,s:s,s:s,s:I}", "id", ret->id, "selection",
		parsed(&selection), "digest", digest, "events", (json_int_t)p->events, "money", parsed(&money),
		"already", already_of(p), "samples", p->samples, "to", to, "reason", reason, "by", buf_text(&by), "at",
		buf_text(&time), "seconds", (json_int_t)(took_ms * 2 / 1000 + 1));
	if (p->masks)
		json_object_set(ret->plan, "masked", p->masked);
	if (p->batches)
		failed = write_batches(p->batches, ret->plan, e);
	buf_done(&time);
	buf_done(&by);
	return failed;
}

/* ---- what others were given, a line each, beside the plan and before it ---- */

static int open_handed(struct planning *p, const char *id, struct err *e)
{
	struct buf folder = BUF_INIT;
	int ret;

	replay_path(p->bus, NULL, "", &folder);
	replay_path(p->bus, id, REPLAY_HANDED, &p->path);
	ret = fsys_make_path(buf_text(&folder), e);
	buf_done(&folder);
	if (ret != 0)
		return -1;
	p->fd = open(buf_text(&p->path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (p->fd < 0)
		return err_sys(e, E_FILE_FAILED, buf_text(&p->path), errno);
	replay_handed_into(replay_batches_others(p->batches), p->fd, buf_text(&p->path));
	return 0;
}

/* Its name is durable before there is a plan that speaks of it. Without a plan nobody asks for it. */
static int close_handed(struct planning *p, bool stays, struct err *e)
{
	struct buf folder = BUF_INIT;
	int fd = -1, ret = 0;

	if (p->fd < 0)
		return 0;
	close(p->fd);
	p->fd = -1;
	replay_path(p->bus, NULL, "", &folder);
	if (!stays)
		unlink(buf_text(&p->path));
	else if ((ret = fsys_open_dir(AT_FDCWD, buf_text(&folder), &fd, e)) == 0)
		ret = fsys_sync_dir(fd, buf_text(&folder), e);
	if (fd >= 0)
		close(fd);
	buf_done(&folder);
	return ret;
}

static int open_batches(struct planning *p, const char *name, const char *id, struct err *e)
{
	unsigned d = 0;

	while (d < p->site->ndestinations && strcmp(p->site->destinations[d].name, name) != 0)
		d++;
	if (d == p->site->ndestinations)
		return selection_no_destination(p->site, name, e);
	p->batches = replay_batches_new(p->site, p->bus, d, NULL, NULL, e);
	if (!p->batches)
		return -1;
	return replay_batches_others(p->batches) ? open_handed(p, id, e) : 0;
}

/* Something goes: else why the first one does not. */
static int decide(struct planning *p, const char *name, struct err *e)
{
	unsigned n = replay_batches_count(p->batches);
	size_t bytes = 0;
	int got;

	while ((got = replay_batches_decide(p->batches, DECIDE_MS, e)) == 1)
		;
	if (got != 0)
		return -1;
	for (unsigned i = 0; i < n; i++)
		if (replay_batches_at(p->batches, i)->verdict == REPLAY_GOES)
			bytes += strlen(replay_batches_at(p->batches, i)->id) + 3;
	if (bytes)
		return bytes > REPLAY_GOES_MAX ? err_set(e, E_REPLAY_LARGE, "%s", "") : 0;
	return err_set(e, E_REPLAY_NOTHING, "to=%s\nbatch=%s\nwhy=%s", name, replay_batches_at(p->batches, 0)->id,
		say(replay_verdicts_zh[replay_batches_at(p->batches, 0)->verdict],
			replay_verdicts[replay_batches_at(p->batches, 0)->verdict]));
}

/* Nothing is there, and somebody may write there: said before the plan is signed, not when it is run. */
static int check_file(const char *file, struct err *e)
{
	const char *slash = strrchr(file, '/');
	char *folder = slash ? mem_text((struct span){file, slash == file ? 1 : (size_t)(slash - file)}) : mem_text(SPAN("."));
	int ret = 0;

	if (fsys_exists(AT_FDCWD, file))
		ret = err_set(e, E_REPLAY_TAKEN, "to=%s", file);
	else if (access(folder, W_OK | X_OK) != 0)
		ret = err_set(e, errno == ENOENT || errno == ENOTDIR ? E_FILE_MISSING : E_FILE_DENIED, "file=%s\nwhy=%s", folder, strerror(errno));
	free(folder);
	return ret;
}

/* Is it free? The whole name of a topic into topic. */
static int check_free(struct bus *b, const struct replay_to *to, struct buf *topic, struct err *e)
{
	int got;

	if (to->file)
		return check_file(to->file, e);
	if (to->destination)
		return 0;
	if (replay_topic(span_of(to->topic), topic, e) != 0)
		return -1;
	got = replay_topic_used(b, buf_text(topic), e);
	return got == 1 ? err_set(e, E_REPLAY_TAKEN, "to=%s", buf_text(topic)) : got;
}

/* What goes onto a topic is asked by an act, which has room for so much. */
static int check_fits(const struct replay *r, struct err *e)
{
	json_t *core = replay_core(r->plan);
	char *text = json_dumps(core, JSON_COMPACT);
	const size_t n = strlen(text);

	free(text);
	json_decref(core);
	return !replay_is_file(r->plan) && n > ORDER_ROOM ? err_set(e, E_REPLAY_LARGE, "%s", "") : 0;
}

int replay_make(struct site *s, struct bus *b, const struct selection_words *w, const struct replay_to *to,
	const char *reason, struct replay *ret, struct err *e)
{
	struct planning p = {.site = s, .bus = b, .sums = totals_new(), .samples = json_array(), .masked = json_array(),
		.masks = to->topic != NULL, .already = mem_new((s->ndestinations + 1u) * sizeof *p.already), .fd = -1};
	const int64_t began = clock_steady_ms();
	struct selection *selection = NULL;
	struct buf topic = BUF_INIT;
	int got;

	*ret = (struct replay){.lock = -1, .why = ERR_INIT};
	make_id(ret->id);
	got = check_free(b, to, &topic, e);
	if (got == 0 && to->destination)
		got = open_batches(&p, to->destination, ret->id, e);
	if (got == 0)
		got = selection_open(s, b, w, clock_now_ms(), &selection, e);
	if (got == 0 && !to->file)
		got = check_topics(selection, to->destination != NULL, e);
	if (got == 0)
		got = look_at_all(&p, selection, e);
	if (got == 0 && !p.events)
		got = err_set(e, E_REPLAY_EMPTY, "%s", "");
	if (got == 0 && to->destination)
		got = decide(&p, to->destination, e);
	if (got == 0) {
		got = write_plan(&p, selection, where_to(to, buf_text(&topic)), reason, clock_steady_ms() - began, ret, e);
		if (got == 0)
			got = check_fits(ret, e) != 0 || close_handed(&p, true, e) != 0 ? -1 : replay_store(b, ret, e);
		if (got != 0)
			replay_done(ret);
	}
	close_handed(&p, false, e);
	selection_close(selection);
	planning_done(&p);
	buf_done(&topic);
	return got;
}
