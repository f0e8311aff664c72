/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "balance.h"
#include "claim.h"
#include "connectors/drop.h"
#include "dead.h"
#include "extract.h"
#include "fsys.h"
#include "index.h"
#include "jscan.h"
#include "kept.h"
#include "parcel.h"
#include "reader.h"
#include "say.h"
#include "show.h"
#include "topics.h"
#include "verbs.h"

/*
 * The recount. Nothing here looks at a counter until the end: records are read again from the originals in .taken, events
 * from the event topics, lines from the destination topics, dead letters from theirs, parcels from their lines. Then each
 * term is held against what the flows have kept.
 */
struct recount {
	struct site *site;
	struct bus *bus;
	struct totals *counted;
	FILE *to;
	struct err *e;
	uint64_t rows;
	unsigned gone;               /* originals that are no more */
	unsigned differs;
	struct {                     /* one for each event type that was met */
		char *type;
		struct names *names;
		struct extract *extract;
		struct slots slots;
	} *types;
	unsigned ntypes;
	struct older {               /* the form of the last claim that was made with another one than its adapter has now */
		struct form *form;
		struct library *library;
		char *adapter, *digest, *tables;
	} older;
};

static void forget_older(struct older *o)
{
	form_free(o->form);
	library_free(o->library);
	free(o->adapter);
	free(o->digest);
	free(o->tables);
	*o = (struct older){0};
}

static void progress(struct recount *c)
{
	if (++c->rows % 8192 == 0)
		verb_progress(say("清点", "counting"), (int64_t)c->rows, 0);
}

/* Calls each for every event on all partitions of a topic; a topic that is not there has none. */
static int each_event(struct recount *c, const char *topic,
	int (*each)(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v))
{
	struct err ignored;
	unsigned handle;
	int ret = 0;

	if (bus_topic(c->bus, topic, &handle, &ignored) != 0)
		return 0;
	for (unsigned p = 0; p < bus_partitions(c->bus, handle) && ret == 0; p++) {
		struct bus_reader *r = NULL;
		struct bus_message m;
		struct event v;
		int got;

		if (bus_read(c->bus, handle, p, &r, c->e) != 0)
			return -1;
		while (ret == 0 && (got = bus_next(r, &m, c->e)) == 1) {
			progress(c);
			ret = event_read(m.value, &v, c->e) != 0 || each(c, topic, p, m.offset, &v) != 0 ? -1 : 0;
		}
		if (ret == 0 && got < 0)
			ret = -1;
		bus_unread(r);
	}
	return ret;
}

/* ---- files ---- */

struct original {
	struct codec_input input;    /* first: fill casts back */
	int fd;
	struct hash_sha256 *hash;
};

static int original_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct original *o = (struct original *)in;
	ssize_t n;

	do
		n = read(o->fd, p, cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, E_FILE_FAILED, "original", errno);
	hash_sha256_add(o->hash, p, (size_t)n);
	*ret_n = (size_t)n;
	return 0;
}

/* The term that a whole file went to; published files are split by their records. */
static enum total_term term_of(struct span state)
{
	return span_is(state, "held")		? TOTAL_HELD
	       : span_is(state, "returned")	? TOTAL_RETURNED
	       : span_is(state, "duplicate")	? TOTAL_DUPLICATE
	       : span_is(state, "conflict")	? TOTAL_CONFLICT
	       : span_is(state, "known")	? TOTAL_KNOWN
	       : span_is(state, "unreadable")	? TOTAL_DEAD
						: TOTAL_COUNT;
}

static int count_read(struct recount *c, const struct reading_event *x, enum total_term whole)
{
	if (totals_add(c->counted, TOTAL_READ, "", x->currency, x->fen, x->readable, c->e) != 0)
		return -1;
	return whole == TOTAL_COUNT ? 0 : totals_add(c->counted, whole, "", x->currency, x->fen, x->readable, c->e);
}

static int read_records(struct recount *c, const struct claim *claim, struct reader *r)
{
	enum total_term whole = term_of(claim->was.n ? claim->was : claim->state);
	struct reading g;

	do {
		if (reader_next(r, &g, c->e) != 0)
			return -1;
		if (g.kind != READ_RECORD)
			continue;
		progress(c);
		for (unsigned i = 0; i < g.nevents; i++)
			if (count_read(c, &g.events[i], whole) != 0)
				return -1;
	} while (g.kind != READ_END);
	return 0;
}

static int check_digest(struct recount *c, const struct claim *claim, struct original *o)
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;
	char rest[4096];
	size_t n = 1;
	int ret = 0;

	while (n && ret == 0)
		ret = original_fill(&o->input, rest, sizeof rest, &n, c->e);
	hash_sha256_get(o->hash, digest);
	hash_hex(&hex, digest, sizeof digest);
	if (ret == 0 && !span_eq(buf_as_span(&hex), claim->digest)) {
		c->differs++;
		fprintf(c->to, say("原件 %.*s 已不是认领时的内容\n", "original %.*s is no longer what was claimed\n"),
			SPAN_F(claim->taken));
	}
	buf_done(&hex);
	return ret;
}

/* The form that the claim was made with, and its tables; NULL: they are kept no more. */
static const struct form *form_of(struct recount *c, const struct site_adapter *a, const struct claim *claim)
{
	struct older *o = &c->older;
	struct buf kept = BUF_INIT, forms = BUF_INIT;

	if (kept_is_that(a->form, claim->form_digest, claim->tables))
		return a->form;
	if (o->form && strcmp(o->adapter, a->name) == 0 && span_is(claim->form_digest, o->digest) &&
		span_is(claim->tables, o->tables))
		return o->form;
	forget_older(o);
	buf_printf(&kept, "%s/adopted", bus_folder(c->bus));
	buf_printf(&forms, "%s/forms/%s", bus_folder(c->bus), a->name);
	o->form = kept_form_of(c->site->library, buf_text(&kept), buf_text(&forms), claim->form_digest, claim->tables, &o->library);
	o->adapter = mem_text(span_of(a->name));
	o->digest = mem_text(claim->form_digest);
	o->tables = mem_text(claim->tables);
	buf_done(&kept);
	buf_done(&forms);
	return o->form;
}

static int recount_file(struct recount *c, const struct claim *claim)
{
	const struct site_adapter *a = site_adapter(c->site, claim->adapter);
	struct original o = {.input = {original_fill}};
	struct reader_setup setup = {.library = c->site->library, .input = &o.input,
		.name = claim->name, .digest = claim->digest, .overlays = &claim->overlays};
	struct reader *r = NULL;
	struct buf path = BUF_INIT;
	int ret = 0;

	/* What is to be read again is counted when it has been. */
	if (!a || span_is(claim->state, "reread"))
		return 0;
	buf_printf(&path, "%s/.taken/%.*s", a->folder, SPAN_F(claim->taken));
	setup.shown = buf_text(&path);
	o.fd = open(setup.shown, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (o.fd < 0) {
		c->gone++;
		fprintf(c->to, say("原件已不在，未能重新清点：%s\n", "original is gone, not recounted: %s\n"), setup.shown);
		buf_done(&path);
		return 0;
	}
	setup.form = form_of(c, a, claim);
	if (setup.form == c->older.form)
		setup.library = c->older.library;
	if (!setup.form) {
		c->gone++;
		fprintf(c->to, say("当时所用的报文格式已不在，未能重新清点：%s\n", "the form that it was read with is gone, not recounted: %s\n"),
			setup.shown);
		close(o.fd);
		buf_done(&path);
		return 0;
	}
	o.hash = hash_sha256_new();
	if (!span_is(claim->was.n ? claim->was : claim->state, "unreadable"))
		ret = reader_open(&setup, &r, c->e) != 0 || read_records(c, claim, r) != 0 ? -1 : 0;
	if (ret == 0)
		ret = check_digest(c, claim, &o);
	reader_close(r);
	hash_sha256_free(o.hash);
	close(o.fd);
	buf_done(&path);
	return ret;
}

/* Each batch once: the record that the index says is its newest. */
static int count_claim(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	struct arena a = ARENA_INIT;
	struct claim claim;
	int ret = 0;

	(void)topic;
	(void)partition;
	if (!span_is(v->type, EVENT_CLAIM) ||
		bus_look(c->bus, NULL, INDEX_CLAIMS, index_key(key, INDEX_BATCH, v->batchid, SPAN_NONE), &at, c->e) != 1 ||
		at.offset != offset)
		return c->e->id ? -1 : 0;
	ret = claim_read(v, &a, &claim, c->e);
	if (ret == 0) {
		ret = recount_file(c, &claim);
		totals_free(claim.totals);
	}
	arena_done(&a);
	return ret;
}

/* ---- topics ---- */

static int type_number(struct recount *c, struct span type)
{
	const struct schema *s;
	struct findings quiet;
	unsigned i = 0;

	for (; i < c->ntypes; i++)
		if (span_is(type, c->types[i].type))
			return (int)i;
	findings_init(&quiet);
	s = library_schema(c->site->library, type, conf_root(c->site->conf), &quiet);
	findings_done(&quiet);
	if (!s)
		return -1;
	c->types = mem_grow(c->types, c->ntypes + 1u, sizeof *c->types);
	c->types[i].type = mem_text(type);
	c->types[i].names = names_new();
	c->types[i].extract = extract_new(s, c->types[i].names);
	slots_init(&c->types[i].slots, names_count(c->types[i].names));
	return (int)c->ntypes++;
}

static int count_event(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	int n, amount, currency;
	const struct value *values;
	char name[TOTALS_CURRENCY_MAX];
	struct span money;

	(void)topic;
	(void)partition;
	(void)offset;
	if (event_is_ours(v) || (n = type_number(c, v->type)) < 0)
		return 0;
	if (extract_run(c->types[n].extract, v, &c->types[n].slots, c->e) != 0)
		return -1;
	values = c->types[n].slots.v;
	amount = extract_amount_slot(c->types[n].extract);
	currency = extract_currency_slot(c->types[n].extract);
	money = totals_currency(currency >= 0 ? values[currency].text : SPAN(""), extract_kind_of_money(c->types[n].extract), name);
	return totals_add(c->counted, TOTAL_PUBLISHED, "", money,
		amount >= 0 ? values[amount].fen : 0, amount >= 0 && values[amount].is_money, c->e);
}

static int count_line(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	json_t *o;
	const char *amount, *currency;
	struct money_form form = MONEY_YUAN;
	int64_t fen = 0;
	bool readable;
	int ret;

	(void)partition;
	(void)offset;
	if (event_is_ours(v))
		return 0;
	o = json_loadb(v->data.p, v->data.n, 0, NULL);
	amount = json_string_value(json_object_get(o, "amount"));
	currency = json_string_value(json_object_get(o, "currency"));
	readable = amount && money_read(span_of(amount), &form, &fen, c->e) == 0;
	ret = totals_add(c->counted, TOTAL_ROUTED, topic + sizeof TOPIC_TO - 1, span_of(currency ? currency : ""), fen, readable,
		c->e);
	json_decref(o);
	return ret;
}

static int count_dead(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	struct arena a = ARENA_INIT;
	struct dead_letter d;
	uint64_t size, newest;
	char state[16] = "";
	int ret = 0;

	(void)topic;
	(void)partition;
	(void)offset;
	if (!span_is(v->type, EVENT_DEAD))
		return 0;
	/* One that was retried has become a line, or an event, that is counted as such. */
	if (dead_state(c->bus, NULL, v->id, state, &newest, c->e) < 0)
		return -1;
	if (strcmp(state, "retried") == 0)
		return 0;
	if (dead_read(v, &a, &d, &size, c->e) != 0) {
		arena_done(&a);
		return -1;
	}
	/* A letter about a whole file has no record; its records are counted from the file. */
	if (d.destination.n)
		ret = totals_add(c->counted, TOTAL_UNSHAPED, arena_text(&a, d.destination), d.currency, d.amount_fen,
			d.has_amount, c->e);
	else if (d.record)
		ret = totals_add(c->counted, strcmp(state, "returned") == 0 ? TOTAL_RETURNED
			: span_is(d.kind, "conflict") ? TOTAL_CONFLICT : TOTAL_DEAD, "", d.currency,
			d.amount_fen, d.has_amount, c->e);
	arena_done(&a);
	return ret;
}

static void file_of(struct buf *path, const struct recount *c, const struct site_destination *d, const struct parcel *p)
{
	if (p->shadow)
		site_shadow_folder(path, c->bus, d->name);
	else
		buf_str(path, d->folder);
	buf_printf(path, "/%s", p->name);
}

/* A parcel that still stands in the folder must be the one that was planned. */
static void check_file(struct recount *c, const struct parcel *p, const char *destination)
{
	struct buf path = BUF_INIT, bytes = BUF_INIT, hex = BUF_INIT;
	uint8_t digest[HASH_SHA256];
	struct err ignored;

	for (unsigned i = 0; i < c->site->ndestinations; i++)
		if (strcmp(c->site->destinations[i].name, destination) == 0)
			file_of(&path, c, &c->site->destinations[i], p);
	if (path.n && fsys_get(AT_FDCWD, buf_text(&path), (size_t)1 << 32, &bytes, &ignored) == 0) {
		hash_sha256(bytes.p, bytes.n, digest);
		hash_hex(&hex, digest, sizeof digest);
		if (!span_is(buf_as_span(&hex), p->digest)) {
			c->differs++;
			fprintf(c->to, say("文件与发送计划不符：%s\n", "file is not what was planned: %s\n"), buf_text(&path));
		}
	}
	buf_done(&path);
	buf_done(&bytes);
	buf_done(&hex);
}

static int count_parcel(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	json_t *o;
	struct parcel *p;
	const char *destination;
	int ret = 0;

	(void)topic;
	(void)partition;
	(void)offset;
	if (!span_is(v->type, EVENT_PARCEL))
		return 0;
	o = json_loadb(v->data.p, v->data.n, 0, NULL);
	destination = json_string_value(json_object_get(o, "destination"));
	p = parcel_read(o, c->e);
	if (!p || !destination) {
		ret = -1;
	} else if (p->state == PARCEL_DONE) {
		const struct money_sum cut = {.count = p->cut};

		ret = totals_move(c->counted, p->shadow ? TOTAL_SHADOW : TOTAL_HANDED, destination, span_of(p->currency), &p->sum, 1,
			c->e);
		if (ret == 0 && p->cut && !p->shadow)
			ret = totals_move(c->counted, TOTAL_CUT, destination, span_of(p->currency), &cut, 1, c->e);
		check_file(c, p, destination);
	}
	parcel_free(p);
	json_decref(o);
	return ret;
}

/* ---- comparing ---- */

static const enum total_term recounted[] = {TOTAL_READ, TOTAL_PUBLISHED, TOTAL_DEAD, TOTAL_CONFLICT, TOTAL_HELD, TOTAL_RETURNED,
	TOTAL_ROUTED, TOTAL_UNSHAPED, TOTAL_HANDED, TOTAL_SHADOW, TOTAL_CUT};

struct compare {
	struct recount *c;
	const struct totals *other;
	bool kept;                   /* the lines are those that the flows keep; else those that were counted */
};

static void compare_line(void *arg, const struct total_line *line)
{
	struct compare *m = arg;
	struct money_sum other = totals_get(m->other, line->term, line->destination, line->currency);
	const struct money_sum *kept = m->kept ? &line->sum : &other, *counted = m->kept ? &other : &line->sum;
	char a[24], b[24], name[64];
	bool known = false;

	for (unsigned i = 0; i < sizeof recounted / sizeof *recounted; i++)
		known |= recounted[i] == line->term;
	/* A term that both sides have is judged once. */
	if (!known || money_sum_eq(kept, counted) || (!m->kept && other.count))
		return;
	m->c->differs++;
	fprintf(m->c->to, say("%s %s %s：账上 %" PRIu64 " 笔 %s，清点 %" PRIu64 " 笔 %s\n",
		"%s %s %s: kept %" PRIu64 " records %s, counted %" PRIu64 " records %s\n"), say(total_names_zh[line->term], total_names[line->term]),
		line->destination, show_currency(line->currency, name), kept->count, money_text(kept->plus + kept->minus, a), counted->count,
		money_text(counted->plus + counted->minus, b));
}

static int count_all(struct recount *c)
{
	if (each_event(c, TOPIC_CLAIMS, count_claim) != 0 || each_event(c, TOPIC_DEAD, count_dead) != 0 ||
		each_event(c, TOPIC_PARCELS, count_parcel) != 0)
		return -1;
	for (unsigned i = 0; topics_events[i]; i++)
		if (each_event(c, topics_events[i], count_event) != 0)
			return -1;
	for (unsigned i = 0; i < c->site->ndestinations; i++) {
		char topic[128];

		snprintf(topic, sizeof topic, TOPIC_TO "%s", c->site->destinations[i].name);
		if (each_event(c, topic, count_line) != 0)
			return -1;
	}
	return 0;
}

int balance_deep(struct site *s, struct bus *bus, const struct balance *b, FILE *to, struct err *e)
{
	struct recount c = {.site = s, .bus = bus, .counted = totals_new(), .to = to, .e = e};
	struct compare kept = {&c, c.counted, true}, counted = {&c, b->all, false};
	int ret;

	*e = ERR_INIT;
	ret = count_all(&c);
	forget_older(&c.older);
	verb_progress("", -1, 0);
	if (ret == 0 && !c.gone) {
		totals_each(b->all, compare_line, &kept);
		totals_each(c.counted, compare_line, &counted);
	}
	if (ret == 0)
		fprintf(to, say("重新清点 %" PRIu64 " 行，%u 项不符\n", "counted %" PRIu64 " rows again, %u terms differ\n"), c.rows,
			c.differs);
	for (unsigned i = 0; i < c.ntypes; i++) {
		free(c.types[i].type);
		slots_done(&c.types[i].slots);
		extract_free(c.types[i].extract);
		names_free(c.types[i].names);
	}
	free(c.types);
	totals_free(c.counted);
	return ret != 0 ? -1 : (int)(c.differs + c.gone);
}
