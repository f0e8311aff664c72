/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#define PARCELS_MAX 1000u            /* of one batch: they stand in the position while they are under way */
#define SPREAD_EACH (64u << 10)      /* bytes of one parcel kept before they are written */
#define SPREAD_ALL (16u << 20)       /* and of all parcels of a batch together */

/* The parcels of one batch while they are written, by split and currency: a parcel has one of each. */
struct spread {
	struct deliver *d;
	struct spread_one {
		struct parcel *parcel;
		struct buf bytes;
		struct hash_sha256 *hash;
		struct money_sum sum;        /* of the lines really written */
		bool had;                    /* the receiver was given it in a life of the store that is lost */
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

/* One range, or what is left of it. What stands behind it is not read: the reader goes on there for the next one. */
static int each_in_range(struct deliver *d, const struct gathering *g, const struct parcel_range *range, struct bus_reader **r,
	struct gather_out *from, deliver_line *each, void *arg, struct err *e)
{
	struct bus_message m;
	struct event v;
	struct line l;
	const struct deliver_at at = {range->partition, &m, &v};
	uint64_t next = from && from->offset > range->first ? from->offset : range->first;
	int ret = 0, got = 0;

	if (!*r && bus_read(d->flow.bus, d->topic, range->partition, r, e) != 0)
		return -1;
	bus_seek(*r, next);
	while (ret == 0 && next <= range->last && (got = lane_next(d->flow.bus, *r, &m, e)) == 1 && m.offset <= range->last) {
		if (event_read(m.value, &v, e) != 0 || deliver_read_line(d, &v, &l, e) != 0)
			ret = err_set(e, E_GATHER_LINE, "id=%s/%u@%" PRIu64, d->name, range->partition, m.offset);
		else if (!span_is(v.batchid, g->batchid))
			ret = err_set(e, E_GATHER_STATE, "batch=%s", g->batchid);
		else if ((ret = deliver_check_layout(d, &v, &l, e)) == 0)
			ret = each(arg, &at, &l, e);
		next = m.offset + 1;
		if (ret >= 0 && from)
			from->offset = next;
	}
	if (ret == 0 && got >= 0 && next <= range->last)
		return err_set(e, E_GATHER_LINE, "id=%s/%u@%" PRIu64, d->name, range->partition, next);
	return ret == 0 && got < 0 ? -1 : ret;
}

int deliver_each_line(struct deliver *d, const struct gathering *g, struct gather_out *from, deliver_line *each,
	void *arg, struct err *e)
{
	struct bus_reader *readers[GATHER_PARTITIONS_MAX] = {NULL};
	int ret = 0;

	/* A reader for each partition: on a cluster it costs more to begin one than to read a range. */
	for (unsigned i = from ? from->range : 0; i < g->nranges && ret == 0; i++) {
		const struct parcel_range *range = &g->ranges[i];

		ret = range->partition < bus_partitions(d->flow.bus, d->topic)
			? each_in_range(d, g, range, &readers[range->partition % GATHER_PARTITIONS_MAX], from, each, arg, e)
			: err_set(e, E_GATHER_STATE, "batch=%s", g->batchid);
		if (ret == 0 && from) {
			from->range = i + 1;
			from->offset = 0;
		}
	}
	for (unsigned i = 0; i < GATHER_PARTITIONS_MAX; i++)
		bus_unread(readers[i]);
	return ret < 0 ? -1 : 0;
}

static int add_split(void *arg, const struct deliver_at *at, const struct line *l, struct err *e)
{
	struct spread *s = arg;
	struct spread_one *one = spread_of(s, l);
	struct parcel *p = one->parcel;

	(void)at;
	if (s->n > PARCELS_MAX)
		return err_set(e, E_PARCEL_TOO_MANY, "max=%u", PARCELS_MAX);
	p->cut += l->cut;
	p->ids += l->ids;
	if (l->readable)
		return money_sum_add(&p->sum, l->fen, e);
	money_sum_unreadable(&p->sum);
	return 0;
}

static int write_line(void *arg, const struct deliver_at *at, const struct line *l, struct err *e)
{
	struct spread *s = arg;
	const struct form *form = s->d->setup.form;
	struct spread_one *one = spread_of(s, l);
	size_t before = one->bytes.n;

	(void)at;
	if (one->had)
		return 0;
	if (form->codec->write(form->format, l->layout, l->cells, l->ncells, &one->bytes, e) != 0)
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
	p->shadow = d->setup.shadow;
	p->batchid = mem_text(span_of(g->batchid));
	p->date = mem_text(span_of(g->date));
	one->hash = hash_sha256_new();
	if (set_parcel_values(d, p, e) != 0 || name_parcel(d, p, e) != 0)
		return -1;
	form->codec->begin(form->format, &one->bytes);
	if (form->ntitles && form->codec->write(form->format, 0, form->titles, form->ntitles, &one->bytes, e) != 0)
		return -1;
	if (form->head) {
		if (map_run(form->head, &d->slots, e) != 0)
			return -1;
		for (unsigned i = 0; i < map_count(form->head) && i < CODEC_CELLS_MAX; i++)
			cells[i] = map_cell(form->head, &d->slots, i)->text;
		if (form->codec->write(form->format, form->head_layout, cells, map_count(form->head), &one->bytes, e) !=
			0)
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

static int find_had(struct spread *s, const struct gathering *g, struct err *e)
{
	for (unsigned i = 0; i < s->n; i++)
		if (deliver_had(s->d, g, s->all[i].parcel, &s->all[i].had, e) != 0)
			return -1;
	return 0;
}

/* Nothing of it goes out: it is there already. It was never begun, so it has no batch of its own. */
static int count_had(struct deliver *d, const struct gathering *g, const struct parcel *p, struct err *e)
{
	const struct span currency = span_of(p->currency), batchid = span_of(g->batchid);

	return journal_move(d->journal, batchid, TOTAL_PENDING, d->name, currency, &p->sum, -1, e) != 0 ||
		journal_move(d->journal, batchid, TOTAL_ALREADY, d->name, currency, &p->sum, 1, e) != 0 ? -1 : 0;
}

static int build(struct spread *s, const struct gathering *g, struct err *e)
{
	struct deliver *d = s->d;

	uint64_t no = d->next_no - d->step;

	if (deliver_each_line(d, g, NULL, add_split, s, e) != 0 || check_gathered(s, g, e) != 0 ||
		find_had(s, g, e) != 0)
		return -1;
	for (unsigned i = 0; i < s->n; i++)
		if (!s->all[i].had && begin_parcel(s, &s->all[i], g, no += d->step, e) != 0)
			return -1;
	if (no + d->step > d->next_no && deliver_each_line(d, g, NULL, write_line, s, e) != 0)
		return -1;
	for (unsigned i = 0; i < s->n; i++)
		if (!s->all[i].had && end_parcel(s, &s->all[i], e) != 0)
			return -1;
	return outbox_sync_staging(d->outbox, e);
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
int deliver_plan_batch(struct deliver *d, struct gathering *g, struct err *e)
{
	struct spread s = {.d = d};
	struct parcel **tail = &d->parcels;
	unsigned planned = 0;
	int ret = -1;

	if (g->nsums > 1 && d->setup.form->head)
		err_set(e, E_PARCEL_CURRENCIES, "batch=%s", g->batchid);
	else
		ret = build(&s, g, e);
	if (ret != 0 && err_kind(e) == ERR_DATA) {
		gathering_hold(g, e);
		ret = unstage(d, &s, e);
		spread_done(&s);
		return ret == 0 ? deliver_stop_batch(d, g, e) : -1;
	}
	while (*tail)
		tail = &(*tail)->next;
	for (unsigned i = 0; i < s.n && ret == 0; i++) {
		if (s.all[i].had) {
			ret = count_had(d, g, s.all[i].parcel, e);
			continue;
		}
		/* The exact places of the batch's lines stand in its first plan. */
		ret = deliver_append_parcel(d, s.all[i].parcel, planned ? NULL : g, e);
		*tail = s.all[i].parcel;
		tail = &(*tail)->next;
		s.all[i].parcel = NULL;
		planned++;
	}
	if (ret == 0) {
		d->next_no += planned * d->step;
		deliver_gathering_drop(d, g);
	}
	spread_done(&s);
	return ret;
}
