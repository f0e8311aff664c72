/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "connectors/outbox.h"
#include "gather.h"
#include "index.h"
#include "jscan.h"
#include "log.h"
#include "topics.h"
#include "totals.h"

#define HAND_AT_ONCE 64u             /* parcels handed over between two commits */
#define PARCELS_MAX 1000u            /* of one batch: they stand in the position while they are under way */
#define SPREAD_EACH (64u << 10)      /* bytes of one parcel kept before they are written */
#define SPREAD_ALL (16u << 20)       /* and of all parcels of a batch together */

struct input {
	unsigned partition;
	struct bus_reader *reader;
	struct lane_heads *heads;
	uint64_t offset;
	bool moved;
	struct gathering *last;      /* whose line was read last, for ranges; NULL: none */
};

struct deliver {
	struct flow flow;
	struct deliver_setup setup;
	char *name, *folder, *source;
	unsigned topic, parcels_topic;
	struct outbox *outbox;
	struct input *inputs;
	unsigned ninputs;
	struct totals *totals;
	struct gathering *open;
	struct parcel *parcels;      /* under way, by number */
	uint64_t next_no;
	struct slots slots;          /* of head and file name */
	struct buf event, position, line;
	struct arena scratch;
	char boot[40];
};

/* ---- a line, as the router shaped it ---- */

struct line {
	struct span *cells;
	unsigned ncells;
	struct span currency, split;
	bool readable;
	int64_t fen;
};

static int read_cells(struct deliver *d, struct jscan *in, struct line *ret, struct err *e)
{
	struct jscan_value v;
	int more;

	if (jscan_enter_array(in, e) != 0)
		return -1;
	while ((more = jscan_next_item(in, e)) == 1) {
		if (jscan_value(in, &v, e) != 0 || jscan_unescape(&v, &d->line, &ret->cells[ret->ncells], e) != 0)
			return -1;
		if (++ret->ncells == CODEC_CELLS_MAX)
			return err_set(e, E_GATHER_LINE, "id=-");
	}
	return more;
}

static int read_text(struct deliver *d, struct jscan *in, struct span *ret, struct err *e)
{
	struct jscan_value v;

	if (jscan_value(in, &v, e) != 0)
		return -1;
	return v.type == JSCAN_STRING ? jscan_unescape(&v, &d->line, ret, e) : 0;
}

static int read_line(struct deliver *d, const struct event *v, struct line *ret, struct err *e)
{
	static const struct money_form yuan = {2, 2, false, false};
	struct jscan in;
	struct span key, amount = SPAN_NONE;
	int more;

	arena_clear(&d->scratch);
	buf_clear(&d->line);
	buf_reserve(&d->line, v->data.n);    /* unescaped texts are no longer than escaped ones: nothing moves */
	*ret = (struct line){.cells = arena_new(&d->scratch, CODEC_CELLS_MAX * sizeof(struct span))};
	jscan_init(&in, v->data);
	if (jscan_enter_object(&in, e) != 0)
		return -1;
	while ((more = jscan_next_key(&in, &key, e)) == 1) {
		int bad = span_is(key, "line")	     ? read_cells(d, &in, ret, e)
			  : span_is(key, "amount")   ? read_text(d, &in, &amount, e)
			  : span_is(key, "currency") ? read_text(d, &in, &ret->currency, e)
			  : span_is(key, "split")    ? read_text(d, &in, &ret->split, e)
						     : jscan_skip(&in, e);

		if (bad)
			return -1;
	}
	if (more < 0)
		return -1;
	if (amount.p) {
		if (money_read(amount, &yuan, &ret->fen, e) != 0)
			return -1;
		ret->readable = true;
	}
	return 0;
}

/* ---- gathering ---- */

static struct gathering *gathering_of(struct deliver *d, struct span batchid)
{
	struct gathering **at = &d->open;

	for (; *at; at = &(*at)->next)
		if (span_is(batchid, (*at)->batchid))
			return *at;
	return *at = gathering_new(batchid);
}

static void gathering_drop(struct deliver *d, struct gathering *g)
{
	struct gathering **at = &d->open;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	for (unsigned i = 0; i < d->ninputs; i++)
		if (d->inputs[i].last == g)
			d->inputs[i].last = NULL;
	gathering_free(g);
}

/* Was this destination given the id before, at an earlier place? */
static int is_already(struct deliver *d, const struct input *in, const struct event *v, uint64_t offset, bool *ret,
	struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	int got = bus_look(d->flow.bus, d->flow.owner, INDEX_TO, index_key(key, 0, span_of(d->name), v->id), &at, e);

	if (got < 0)
		return -1;
	*ret = got == 1 && (at.partition != in->partition || at.offset != offset);
	return 0;
}

static int count_line(struct deliver *d, enum total_term term, const struct line *l, struct err *e)
{
	return totals_add(d->totals, term, d->name, l->currency, l->fen, l->readable, e);
}

static int gather_line(struct deliver *d, struct input *in, const struct bus_message *m, const struct event *v,
	struct err *e)
{
	struct gathering *g = gathering_of(d, v->batchid);
	struct line l;
	bool already;

	if (read_line(d, v, &l, e) != 0)
		return err_set(e, E_GATHER_LINE, "id=%.*s", SPAN_F(v->id));
	if (is_already(d, in, v, m->offset, &already, e) != 0 || count_line(d, TOTAL_TAKEN, &l, e) != 0)
		return -1;
	g->parts[in->partition].lines++;
	if (already) {
		g->already++;
		in->last = NULL;
		return count_line(d, TOTAL_ALREADY, &l, e);
	}
	if (!g->count) {
		free(g->date);
		g->date = mem_text(v->businessdate);
	}
	if (gathering_add(g, l.currency.p ? l.currency : SPAN(""), l.fen, l.readable, e) != 0)
		return -1;
	gathering_place(g, in->partition, m->offset, in->last == g);
	in->last = g;
	return count_line(d, TOTAL_PENDING, &l, e);
}

static int take_message(struct deliver *d, struct input *in, const struct bus_message *m, struct err *e)
{
	struct event v;
	enum lane_verdict verdict;
	struct batch_closing c;

	if (event_read(m->value, &v, e) != 0 || lane_heads_check(in->heads, &v, &verdict, e) != 0)
		return -1;
	if (verdict == LANE_REPEAT || span_is(v.type, EVENT_LANE_OPENED)) {
		in->last = NULL;
		return 0;
	}
	if (span_is(v.type, EVENT_BATCH_CLOSED)) {
		in->last = NULL;
		arena_clear(&d->scratch);
		if (batch_closing_read(&v, &d->scratch, &c, e) != 0)
			return -1;
		return gathering_close(gathering_of(d, c.batchid), &c, e);
	}
	return gather_line(d, in, m, &v, e);
}

static int read_input(struct deliver *d, struct input *in, unsigned *budget, struct err *e)
{
	struct bus_message m;
	int got = 0;

	while (*budget && (got = bus_next(in->reader, &m, e)) == 1) {
		if (take_message(d, in, &m, e) != 0)
			return err_at(e, "%s/%u@%" PRIu64, bus_topic_name(d->flow.bus, d->topic), in->partition, m.offset);
		in->offset = m.offset + 1;
		in->moved = true;
		--*budget;
	}
	return got < 0 ? -1 : 0;
}

/* ---- building parcels ---- */

/* The parcels of one batch while they are written, by split and currency: a parcel has one of each. */
struct spread {
	struct deliver *d;
	struct spread_one {
		struct parcel *parcel;
		struct buf bytes;
		struct hash_sha256 *hash;
		struct money_sum sum;        /* of the lines really written */
	} *all;
	unsigned n;
	unsigned *table;             /* hash of split -> number + 1 */
	unsigned cap;
	size_t held;                 /* bytes in all buffers */
};

static unsigned *spread_place(const struct spread *s, struct span split, struct span currency)
{
	uint32_t h = hash_crc32c(hash_crc32c(0, split.p, split.n), currency.p, currency.n);

	for (unsigned at = h & (s->cap - 1);; at = (at + 1) & (s->cap - 1)) {
		const struct parcel *p = s->table[at] ? s->all[s->table[at] - 1].parcel : NULL;

		if (!p || (span_is(split, p->split) && span_is(currency, p->currency)))
			return &s->table[at];
	}
}

static void spread_grow(struct spread *s)
{
	if (s->n * 2 < s->cap)
		return;
	s->cap = s->cap ? s->cap * 2 : 64;
	free(s->table);
	s->table = mem_new(s->cap * sizeof *s->table);
	for (unsigned i = 0; i < s->n; i++)
		*spread_place(s, span_of(s->all[i].parcel->split), span_of(s->all[i].parcel->currency)) = i + 1;
}

static struct spread_one *spread_of(struct spread *s, const struct line *l)
{
	struct span split = l->split.p ? l->split : SPAN(""), currency = l->currency.p ? l->currency : SPAN("");
	struct spread_one *one;
	unsigned *at;

	spread_grow(s);
	at = spread_place(s, split, currency);
	if (*at)
		return &s->all[*at - 1];
	s->all = mem_grow(s->all, s->n + 1u, sizeof *s->all);
	one = &s->all[s->n];
	*one = (struct spread_one){.parcel = mem_new(sizeof *one->parcel)};
	one->parcel->split = mem_text(split);
	snprintf(one->parcel->currency, sizeof one->parcel->currency, "%.*s", SPAN_F(currency));
	*at = ++s->n;
	return one;
}

static void spread_done(struct spread *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		parcel_free(s->all[i].parcel);
		buf_done(&s->all[i].bytes);
		hash_sha256_free(s->all[i].hash);
	}
	free(s->all);
	free(s->table);
}

static int spread_flush(struct spread *s, struct spread_one *one, struct err *e)
{
	hash_sha256_add(one->hash, one->bytes.p, one->bytes.n);
	if (outbox_append(s->d->outbox, one->parcel->staged, buf_as_span(&one->bytes), e) != 0)
		return -1;
	s->held -= one->bytes.n;
	buf_clear(&one->bytes);
	return 0;
}

/* Calls each with every line of the batch, in the order of its ranges. */
static int each_line(struct deliver *d, const struct gathering *g,
	int (*each)(struct spread *s, const struct line *l, struct err *e), struct spread *s, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct event v;
	struct line l;
	int ret = 0;

	for (unsigned i = 0; i < g->nranges && ret == 0; i++) {
		const struct parcel_range *range = &g->ranges[i];
		int got;

		if (bus_read(d->flow.bus, d->topic, range->partition, &r, e) != 0)
			return -1;
		bus_seek(r, range->first);
		while (ret == 0 && (got = bus_next(r, &m, e)) == 1 && m.offset <= range->last)
			if (event_read(m.value, &v, e) != 0 || read_line(d, &v, &l, e) != 0)
				ret = err_set(e, E_GATHER_LINE, "id=%s/%u@%" PRIu64, d->name, range->partition, m.offset);
			else if (!span_is(v.batchid, g->batchid))
				ret = err_set(e, E_GATHER_STATE, "batch=%s", g->batchid);
			else
				ret = each(s, &l, e);
		if (ret == 0 && got < 0)
			ret = -1;
		bus_unread(r);
	}
	return ret;
}

static int add_split(struct spread *s, const struct line *l, struct err *e)
{
	struct spread_one *one = spread_of(s, l);
	struct parcel *p = one->parcel;

	if (s->n > PARCELS_MAX)
		return err_set(e, E_PARCEL_TOO_MANY, "max=%u", PARCELS_MAX);
	if (l->readable)
		return money_sum_add(&p->sum, l->fen, e);
	money_sum_unreadable(&p->sum);
	return 0;
}

static int write_line(struct spread *s, const struct line *l, struct err *e)
{
	const struct form *form = s->d->setup.form;
	struct spread_one *one = spread_of(s, l);
	size_t before = one->bytes.n;

	if (form->codec->write(form->format, l->cells, l->ncells, &one->bytes, e) != 0)
		return -1;
	s->held += one->bytes.n - before;
	if (!l->readable)
		money_sum_unreadable(&one->sum);
	else if (money_sum_add(&one->sum, l->fen, e) != 0)
		return -1;
	if (one->bytes.n >= SPREAD_EACH)
		return spread_flush(s, one, e);
	for (unsigned i = 0; i < s->n && s->held >= SPREAD_ALL; i++)
		if (spread_flush(s, &s->all[i], e) != 0)
			return -1;
	return 0;
}

static void set_value(struct deliver *d, const char *name, struct span text, const int64_t *fen)
{
	const struct names *names = d->setup.form->names;

	for (unsigned i = 0; i < names_count(names); i++)
		if (strcmp(names_text(names, i), name) == 0)
			d->slots.v[i] = (struct value){.text = text, .fen = fen ? *fen : 0, .is_money = fen != NULL};
}

/* Number, date, count and sum of a parcel, for head and file name. Texts live in the slots until the next parcel. */
static int set_parcel_values(struct deliver *d, const struct parcel *p, struct err *e)
{
	struct buf *t = &d->slots.text;
	char amount[24];
	int64_t sum;
	size_t at;

	slots_begin(&d->slots, 256);
	if (__builtin_add_overflow(p->sum.plus, p->sum.minus, &sum))
		return err_set(e, E_MONEY_RANGE, "text=sum");
	at = t->n;
	buf_printf(t, "%" PRIu64, p->no);
	set_value(d, "parcel.no", (struct span){t->p + at, t->n - at}, NULL);
	at = t->n;
	buf_printf(t, "%" PRIu64, p->sum.count);
	set_value(d, "parcel.count", (struct span){t->p + at, t->n - at}, NULL);
	at = t->n;
	buf_str(t, money_text(sum, amount));
	set_value(d, "parcel.sum", (struct span){t->p + at, t->n - at}, &sum);
	set_value(d, "parcel.date", span_of(p->date), NULL);
	set_value(d, "parcel.split", span_of(p->split), NULL);
	return 0;
}

static int name_parcel(struct deliver *d, struct parcel *p, struct err *e)
{
	const struct form *form = d->setup.form;
	struct buf name = BUF_INIT, marker = BUF_INIT;
	int ret = pattern_make(form->file, &d->slots, SPAN(""), &name, e);

	if (ret == 0 && form->marker)
		ret = pattern_make(form->marker, &d->slots, buf_as_span(&name), &marker, e);
	p->name = mem_text(buf_as_span(&name));
	p->marker = mem_text(buf_as_span(&marker));
	buf_clear(&name);
	buf_printf(&name, "%" PRIu64 "-%" PRIu64 ".body", p->generation, p->no);
	p->staged = mem_text(buf_as_span(&name));
	buf_clear(&name);
	if (form->marker)
		buf_printf(&name, "%" PRIu64 "-%" PRIu64 ".marker", p->generation, p->no);
	p->staged_marker = mem_text(buf_as_span(&name));
	buf_done(&name);
	buf_done(&marker);
	return ret;
}

/* Names a parcel and begins its bytes: what begins a file, the titles, the head. */
static int begin_parcel(struct spread *s, struct spread_one *one, const struct gathering *g, uint64_t no, struct err *e)
{
	struct deliver *d = s->d;
	const struct form *form = d->setup.form;
	struct parcel *p = one->parcel;
	struct span cells[CODEC_CELLS_MAX];

	p->no = no;
	p->generation = bus_generation(d->flow.owner);
	p->batchid = mem_text(span_of(g->batchid));
	p->date = mem_text(span_of(g->date));
	one->hash = hash_sha256_new();
	if (set_parcel_values(d, p, e) != 0 || name_parcel(d, p, e) != 0)
		return -1;
	form->codec->begin(form->format, &one->bytes);
	if (form->ntitles && form->codec->write(form->format, form->titles, form->ntitles, &one->bytes, e) != 0)
		return -1;
	if (form->head) {
		if (map_run(form->head, &d->slots, e) != 0)
			return -1;
		for (unsigned i = 0; i < map_count(form->head) && i < CODEC_CELLS_MAX; i++)
			cells[i] = map_cell(form->head, &d->slots, i)->text;
		if (form->codec->write(form->format, cells, map_count(form->head), &one->bytes, e) != 0)
			return -1;
	}
	s->held += one->bytes.n;
	return outbox_stage(d->outbox, p->staged, e);
}

static int end_parcel(struct spread *s, struct spread_one *one, struct err *e)
{
	struct deliver *d = s->d;
	struct parcel *p = one->parcel;
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	d->setup.form->codec->end(d->setup.form->format, &one->bytes);
	if (spread_flush(s, one, e) != 0)
		return -1;
	/* The head was written before the lines: it must say what was really written. */
	if (!money_sum_eq(&one->sum, &p->sum))
		return err_set(e, E_PARCEL_SUM, "name=%s", p->name);
	hash_sha256_get(one->hash, digest);
	hash_hex(&hex, digest, sizeof digest);
	snprintf(p->digest, sizeof p->digest, "%s", buf_text(&hex));
	buf_done(&hex);
	if (outbox_sync(d->outbox, p->staged, e) != 0)
		return -1;
	if (!p->staged_marker[0])
		return 0;
	if (outbox_stage(d->outbox, p->staged_marker, e) != 0)
		return -1;
	return outbox_sync(d->outbox, p->staged_marker, e);
}

/* The lines read back are those that were gathered: none is missing, none is there twice. */
static int check_gathered(const struct spread *s, const struct gathering *g, struct err *e)
{
	for (unsigned i = 0; i < g->nsums; i++) {
		struct money_sum got = {0};

		for (unsigned k = 0; k < s->n; k++)
			if (strcmp(s->all[k].parcel->currency, g->sums[i].currency) == 0 &&
				money_sum_merge(&got, &s->all[k].parcel->sum, e) != 0)
				return -1;
		if (!money_sum_eq(&got, &g->sums[i].sum))
			return err_set(e, E_PARCEL_SUM, "name=%s", g->batchid);
	}
	return 0;
}

static int build(struct spread *s, const struct gathering *g, struct err *e)
{
	struct deliver *d = s->d;

	if (each_line(d, g, add_split, s, e) != 0 || check_gathered(s, g, e) != 0)
		return -1;
	for (unsigned i = 0; i < s->n; i++)
		if (begin_parcel(s, &s->all[i], g, d->next_no + i, e) != 0)
			return -1;
	if (each_line(d, g, write_line, s, e) != 0)
		return -1;
	for (unsigned i = 0; i < s->n; i++)
		if (end_parcel(s, &s->all[i], e) != 0)
			return -1;
	return outbox_sync_staging(d->outbox, e);
}

static int append_parcel(struct deliver *d, const struct parcel *p, const struct gathering *g, struct err *e)
{
	buf_clear(&d->event);
	parcel_event(&d->event, p, d->name, g ? g->ranges : NULL, g ? g->nranges : 0, span_of(d->source), clock_now_ms());
	return flow_append(&d->flow, d->parcels_topic, 0, span_of(d->name), &d->event, e);
}

static int stop_batch(struct deliver *d, const struct gathering *g, struct err *e)
{
	d->flow.attention = true;
	log_line(LOG_WARN, "deliver.held", "flow=%s batch=%s err=%s lines=%" PRIu64, d->name, g->batchid, g->why, g->count);
	for (unsigned i = 0; i < g->nsums; i++) {
		struct span currency = span_of(g->sums[i].currency);

		if (totals_move(d->totals, TOTAL_PENDING, d->name, currency, &g->sums[i].sum, -1, e) != 0 ||
			totals_move(d->totals, TOTAL_STOPPED, d->name, currency, &g->sums[i].sum, 1, e) != 0)
			return -1;
	}
	return 0;
}

/* What was staged for a batch that is held after all. */
static int unstage(struct deliver *d, const struct spread *s, struct err *e)
{
	for (unsigned i = 0; i < s->n; i++) {
		const struct parcel *p = s->all[i].parcel;

		if (p->staged && outbox_unstage(d->outbox, p->staged, e) != 0)
			return -1;
		if (p->staged_marker && p->staged_marker[0] && outbox_unstage(d->outbox, p->staged_marker, e) != 0)
			return -1;
	}
	return 0;
}

/* Builds and plans the parcels of a batch. What of it can never be written (ERR_DATA) holds the batch. */
static int plan_batch(struct deliver *d, struct gathering *g, struct err *e)
{
	struct spread s = {.d = d};
	struct parcel **tail = &d->parcels;
	int ret = -1;

	if (g->nsums > 1 && d->setup.form->head)
		err_set(e, E_PARCEL_CURRENCIES, "batch=%s", g->batchid);
	else
		ret = build(&s, g, e);
	if (ret != 0 && err_kind(e) == ERR_DATA) {
		gathering_hold(g, e);
		ret = unstage(d, &s, e);
		spread_done(&s);
		return ret == 0 ? stop_batch(d, g, e) : -1;
	}
	while (*tail)
		tail = &(*tail)->next;
	for (unsigned i = 0; i < s.n && ret == 0; i++) {
		/* The exact places of the batch's lines stand in its first plan. */
		ret = append_parcel(d, s.all[i].parcel, i ? NULL : g, e);
		*tail = s.all[i].parcel;
		tail = &(*tail)->next;
		s.all[i].parcel = NULL;
	}
	if (ret == 0) {
		d->next_no += s.n;
		gathering_drop(d, g);
	}
	spread_done(&s);
	return ret;
}

/* ---- handing over ---- */

/* Bodies that have a marker get their names first; the receiver does not look at them yet. Then the commit of handing. */
static int place_and_announce(struct deliver *d, struct err *e)
{
	unsigned n = 0;

	for (struct parcel *p = d->parcels; p && n < HAND_AT_ONCE; p = p->next)
		if (p->state == PARCEL_PLANNED) {
			n++;
			if (p->marker[0] && outbox_hand(d->outbox, p->staged, p->name, e) != 0)
				return -1;
		}
	if (outbox_settle(d->outbox, e) != 0)
		return -1;
	for (struct parcel *p = d->parcels; p && n; p = p->next)
		if (p->state == PARCEL_PLANNED) {
			n--;
			p->state = PARCEL_HANDING;
			snprintf(p->boot, sizeof p->boot, "%s", d->boot);
			if (append_parcel(d, p, NULL, e) != 0)
				return -1;
		}
	return 0;
}

/* What the receiver sees: the marker, or the body when there is none. Then the commit of done. */
static int hand_over(struct deliver *d, struct err *e)
{
	char quoted[300];

	for (struct parcel *p = d->parcels; p; p = p->next) {
		if (p->state != PARCEL_HANDING)
			continue;
		if (p->marker[0] && outbox_hand(d->outbox, p->staged, p->name, e) != 0)
			return -1;
		if (outbox_hand(d->outbox, p->marker[0] ? p->staged_marker : p->staged, p->marker[0] ? p->marker : p->name,
			e) != 0)
			return -1;
	}
	if (outbox_settle(d->outbox, e) != 0)
		return -1;
	for (struct parcel **at = &d->parcels; *at;) {
		struct parcel *p = *at;

		if (p->state != PARCEL_HANDING) {
			at = &p->next;
			continue;
		}
		p->state = PARCEL_DONE;
		log_line(LOG_INFO, "deliver.handed", "flow=%s parcel=%" PRIu64 " batch=%s lines=%" PRIu64 " file=%s", d->name,
			p->no, p->batchid, p->sum.count, log_quoted(p->name, quoted, sizeof quoted));
		if (append_parcel(d, p, NULL, e) != 0 ||
			totals_move(d->totals, TOTAL_PENDING, d->name, span_of(p->currency), &p->sum, -1, e) != 0 ||
			totals_move(d->totals, TOTAL_HANDED, d->name, span_of(p->currency), &p->sum, 1, e) != 0)
			return -1;
		*at = p->next;
		parcel_free(p);
	}
	return 0;
}

/* ---- position ---- */

static int save_out(struct deliver *d, struct err *e)
{
	struct buf *b = &d->position;

	buf_clear(b);
	buf_printf(b, "{\"next\":%" PRIu64 ",\"open\":[", d->next_no);
	for (const struct gathering *g = d->open; g; g = g->next) {
		gathering_write(g, b);
		if (g->next)
			buf_c(b, ',');
	}
	buf_str(b, "],\"parcels\":[");
	for (const struct parcel *p = d->parcels; p; p = p->next) {
		parcel_write(p, b);
		if (p->next)
			buf_c(b, ',');
	}
	buf_str(b, "],\"totals\":");
	totals_write(d->totals, b);
	buf_c(b, '}');
	return flow_position_put(&d->flow, "out", buf_as_span(b), e);
}

static int save(struct deliver *d, struct err *e)
{
	for (unsigned i = 0; i < d->ninputs; i++) {
		struct input *in = &d->inputs[i];
		char name[160];

		if (!in->moved)
			continue;
		in->moved = false;
		snprintf(name, sizeof name, "%s/%u", bus_topic_name(d->flow.bus, d->topic), in->partition);
		buf_clear(&d->position);
		buf_printf(&d->position, "{\"offset\":%" PRIu64 ",\"heads\":", in->offset);
		lane_heads_write(in->heads, &d->position);
		buf_c(&d->position, '}');
		if (flow_position_put(&d->flow, name, buf_as_span(&d->position), e) != 0)
			return -1;
	}
	return save_out(d, e);
}

static json_t *load_position(struct deliver *d, const char *name, struct err *e)
{
	json_t *o;
	int got;

	buf_clear(&d->position);
	got = flow_position_get(&d->flow, name, &d->position, e);
	if (got < 0)
		return NULL;
	o = got ? json_loadb(d->position.p, d->position.n, 0, NULL) : json_object();
	if (!o)
		err_set(e, E_FLOW_POSITION, "name=%s/%s", d->name, name);
	return o;
}

static int restore_out(struct deliver *d, const json_t *o, struct err *e)
{
	struct gathering **g = &d->open;
	struct parcel **p = &d->parcels;
	const json_t *v, *totals = json_object_get(o, "totals");
	size_t i;

	d->next_no = (uint64_t)json_integer_value(json_object_get(o, "next"));
	if (!d->next_no)
		d->next_no = 1;
	json_array_foreach(json_object_get(o, "open"), i, v) {
		if (!(*g = gathering_read(v, e)))
			return -1;
		d->flow.attention |= (*g)->held;
		g = &(*g)->next;
	}
	json_array_foreach(json_object_get(o, "parcels"), i, v) {
		if (!(*p = parcel_read(v, e)))
			return -1;
		d->flow.attention |= (*p)->state == PARCEL_UNKNOWN;
		p = &(*p)->next;
	}
	return totals ? totals_read(d->totals, totals, e) : 0;
}

static int open_input(struct deliver *d, unsigned partition, struct err *e)
{
	struct input *in;
	char name[160];
	json_t *o;
	int ret = 0;

	d->inputs = mem_grow(d->inputs, d->ninputs + 1u, sizeof *d->inputs);
	in = &d->inputs[d->ninputs++];
	*in = (struct input){.partition = partition, .heads = lane_heads_new()};
	snprintf(name, sizeof name, "%s/%u", bus_topic_name(d->flow.bus, d->topic), partition);
	if (!(o = load_position(d, name, e)))
		return -1;
	in->offset = (uint64_t)json_integer_value(json_object_get(o, "offset"));
	if (json_object_get(o, "heads"))
		ret = lane_heads_read(in->heads, json_object_get(o, "heads"), e);
	json_decref(o);
	if (ret != 0 || bus_read(d->flow.bus, d->topic, partition, &in->reader, e) != 0)
		return -1;
	bus_seek(in->reader, in->offset);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What an older life staged and no plan names was never planned: it is built anew. */
static int discard_unplanned(struct deliver *d, struct err *e)
{
	const char **keep = NULL;
	unsigned n = 0;
	int ret;

	for (const struct parcel *p = d->parcels; p; p = p->next) {
		keep = mem_grow(keep, n + 2u, sizeof *keep);
		keep[n++] = p->staged;
		keep[n++] = p->staged_marker;
	}
	if (n)
		qsort(keep, n, sizeof *keep, by_text);
	ret = outbox_discard(d->outbox, keep, n, bus_generation(d->flow.owner), e);
	free(keep);
	return ret;
}

static int deliver_open(struct flow *f, struct err *e)
{
	struct deliver *d = (struct deliver *)f;
	json_t *o;
	int ret;

	d->totals = totals_new();
	clock_boot_id(d->boot);
	if (outbox_open(d->folder, d->setup.group, &d->outbox, e) != 0 || !(o = load_position(d, "out", e)))
		return -1;
	ret = restore_out(d, o, e);
	json_decref(o);
	if (ret != 0 || discard_unplanned(d, e) != 0)
		return -1;
	for (unsigned p = 0; p < bus_partitions(f->bus, d->topic); p++)
		if (open_input(d, p, e) != 0)
			return -1;
	return 0;
}

static void deliver_close(struct flow *f)
{
	struct deliver *d = (struct deliver *)f;

	for (unsigned i = 0; i < d->ninputs; i++) {
		bus_unread(d->inputs[i].reader);
		lane_heads_free(d->inputs[i].heads);
	}
	free(d->inputs);
	d->inputs = NULL;
	d->ninputs = 0;
	for (struct gathering *g = d->open, *next; g; g = next) {
		next = g->next;
		gathering_free(g);
	}
	for (struct parcel *p = d->parcels, *next; p; p = next) {
		next = p->next;
		parcel_free(p);
	}
	d->open = NULL;
	d->parcels = NULL;
	outbox_close(d->outbox);
	d->outbox = NULL;
	totals_free(d->totals);
	d->totals = NULL;
}

/* ---- the step ---- */

/* The machine stopped between handing and done: the rename may have been undone after the receiver took the file. */
static int find_unknown(struct deliver *d, bool *ret_any, struct err *e)
{
	for (struct parcel *p = d->parcels; p; p = p->next)
		if (p->state == PARCEL_HANDING && strcmp(p->boot, d->boot) != 0) {
			p->state = PARCEL_UNKNOWN;
			*ret_any = d->flow.attention = true;
			if (append_parcel(d, p, NULL, e) != 0)
				return -1;
		}
	return 0;
}

static bool any_in(const struct deliver *d, enum parcel_state state)
{
	for (const struct parcel *p = d->parcels; p; p = p->next)
		if (p->state == state)
			return true;
	return false;
}

/* Plans the first batch that may go, drops those of which nothing is left to go. */
static int settle_batches(struct deliver *d, bool *ret_any, struct err *e)
{
	for (struct gathering *g = d->open, *next; g; g = next) {
		next = g->next;
		switch (gathering_judge(g)) {
		case GATHER_OPEN:
			break;
		case GATHER_HOLD:
			*ret_any = true;
			if (stop_batch(d, g, e) != 0)
				return -1;
			break;
		case GATHER_NOTHING:
			*ret_any = true;
			gathering_drop(d, g);
			break;
		case GATHER_READY:
			*ret_any = true;
			return plan_batch(d, g, e);
		}
	}
	return 0;
}

static int deliver_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct deliver *d = (struct deliver *)f;
	unsigned budget = BUS_STEP_RECORDS;
	bool any = false;

	if (find_unknown(d, &any, e) != 0)
		return -1;
	if (!any && any_in(d, PARCEL_HANDING)) {
		any = true;
		if (hand_over(d, e) != 0)
			return -1;
	} else if (!any && any_in(d, PARCEL_PLANNED)) {
		any = true;
		if (place_and_announce(d, e) != 0)
			return -1;
	} else if (!any) {
		if (settle_batches(d, &any, e) != 0)
			return -1;
		for (unsigned i = 0; !any && i < d->ninputs; i++)
			if (read_input(d, &d->inputs[i], &budget, e) != 0)
				return -1;
		any |= budget < BUS_STEP_RECORDS;
	}
	*ret = any ? FLOW_COMMIT : FLOW_IDLE;
	return any ? save(d, e) : 0;
}

static void deliver_free(struct flow *f)
{
	struct deliver *d = (struct deliver *)f;

	slots_done(&d->slots);
	buf_done(&d->event);
	buf_done(&d->position);
	buf_done(&d->line);
	arena_done(&d->scratch);
	free(d->name);
	free(d->folder);
	free(d->source);
	free(d);
}

static const struct flow_kind deliver_kind = {
	.name = "destination",
	.poll_ms = 0,
	.open = deliver_open,
	.step = deliver_step,
	.close = deliver_close,
	.free = deliver_free,
};

struct flow *deliver_new(const struct deliver_setup *s, struct err *e)
{
	struct deliver *d = mem_new(sizeof *d);
	struct buf t = BUF_INIT;
	int ret;

	d->flow.kind = &deliver_kind;
	d->flow.bus = s->bus;
	snprintf(d->flow.name, sizeof d->flow.name, "%s", s->name);
	d->setup = *s;
	d->name = mem_text(span_of(s->name));
	d->folder = mem_text(span_of(s->folder));
	slots_init(&d->slots, names_count(s->form->names));
	form_site_values(s->library, s->form->names, &d->slots);
	buf_printf(&t, "/%s/%s", s->library->site_name, s->name);
	d->source = mem_text(buf_as_span(&t));
	buf_clear(&t);
	buf_printf(&t, TOPIC_TO "%s", s->name);
	ret = bus_topic(s->bus, buf_text(&t), &d->topic, e) || bus_topic(s->bus, TOPIC_PARCELS, &d->parcels_topic, e);
	buf_done(&t);
	if (ret) {
		deliver_free(&d->flow);
		return NULL;
	}
	d->flow.inputs[d->flow.ninputs++] = d->topic;
	d->flow.outputs[d->flow.noutputs++] = d->parcels_topic;
	return &d->flow;
}
