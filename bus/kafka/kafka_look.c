/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "kafka_index_parts.h"

/* Appends what stands under key, when it is there: 1, 0, -1. */
static int copy(struct kafka_index *x, const struct sealed *table, struct span key, struct buf *ret, struct err *e)
{
	struct store_txn *t;
	struct span value;
	int got;

	if (kafka_index_read(x, &t, e))
		return -1;
	got = sealed_get(t, table, key, &value, e);
	if (got == 1)
		buf_span(ret, value);
	store_abort(t);
	return kafka_index_told(x, got, e);
}

int kafka_index_head(struct kafka_index *x, unsigned number, unsigned partition, uint64_t *ret_next,
	int64_t *ret_time_ms, struct err *e)
{
	struct store_txn *t;
	struct span value;
	char room[4];
	int got;

	if (kafka_index_read(x, &t, e))
		return -1;
	got = sealed_get(t, &x->heads, kafka_head_key(number, partition, room), &value, e);
	if (got == 1 && value.n != STAMP_BYTES)
		got = sealed_damaged(e, x->heads.name, partition, 0);
	if (got == 1) {
		*ret_next = store_of64(value.p);
		*ret_time_ms = (int64_t)store_of64(value.p + 8);
	}
	store_abort(t);
	return kafka_index_told(x, got, e);
}

/* ---- entries ---- */

static int entry_of(const struct sealed *table, struct span value, struct kafka_place *ret, struct span *ret_extra,
	struct err *e)
{
	if (value.n < ENTRY_BYTES)
		return sealed_damaged(e, table->name, 0, 0);
	kafka_entry_get(value.p, ret);
	*ret_extra = (struct span){value.p + ENTRY_BYTES, value.n - ENTRY_BYTES};
	return 0;
}

int kafka_index_look(struct kafka_index *x, unsigned index, struct span key, struct buf *scratch,
	struct kafka_place *ret, struct span *ret_extra, struct err *e)
{
	int got;

	buf_clear(scratch);
	got = copy(x, &x->index[index], key, scratch, e);
	if (got == 1 && entry_of(&x->index[index], buf_as_span(scratch), ret, ret_extra, e))
		return kafka_index_told(x, -1, e);
	return got;
}

/* A walk over sealed values that are checked on the way. */
struct walk {
	const struct sealed *table;
	int (*entry)(void *, struct span, const struct kafka_place *, struct span);
	int (*position)(void *, struct span, struct span);
	int (*epoch)(void *, struct span, int64_t, struct span);
	void *arg;
	struct err *e;
	int failed;
};

/* What was emptied on the way is not whole. */
static int walk(struct kafka_index *x, struct walk *w, struct span prefix,
	int (*each)(void *, struct span, struct span), struct err *e)
{
	struct store_txn *t;
	int failed = store_scan(x->store, w->table->handle, prefix, each, w, e) || w->failed;

	failed = kafka_index_told(x, failed ? -1 : 0, e);
	if (!failed && !(failed = kafka_index_read(x, &t, e)))
		store_abort(t);
	return failed;
}

static int each_entry(void *arg, struct span key, struct span sealed)
{
	struct walk *w = arg;
	struct kafka_place place;
	struct span value, extra;

	w->failed = sealed_unseal(w->table, key, sealed, &value, w->e) ||
		entry_of(w->table, value, &place, &extra, w->e);
	return w->failed ? 1 : w->entry(w->arg, key, &place, extra);
}

int kafka_index_entries(struct kafka_index *x, unsigned index, struct span prefix,
	int (*each)(void *arg, struct span key, const struct kafka_place *place, struct span extra), void *arg,
	struct err *e)
{
	struct walk w = {.table = &x->index[index], .entry = each, .arg = arg, .e = e};

	return walk(x, &w, prefix, each_entry, e);
}

/* ---- positions, epochs ---- */

/* What stands behind `skip` bytes of a value. */
static int behind(const struct sealed *table, struct span value, size_t skip, struct span *ret, struct err *e)
{
	if (value.n < skip)
		return sealed_damaged(e, table->name, 0, 0);
	*ret = (struct span){value.p + skip, value.n - skip};
	return 0;
}

int kafka_index_position(struct kafka_index *x, struct span key, struct buf *ret, struct err *e)
{
	struct store_txn *t;
	struct span value;
	int got;

	if (kafka_index_read(x, &t, e))
		return -1;
	got = sealed_get(t, &x->positions, key, &value, e);
	if (got == 1 && behind(&x->positions, value, 8, &value, e))
		got = -1;
	if (got == 1 && !value.n)
		got = 0;
	if (got == 1)
		buf_span(ret, value);
	store_abort(t);
	return kafka_index_told(x, got, e);
}

static int each_position(void *arg, struct span key, struct span sealed)
{
	struct walk *w = arg;
	struct span value;

	w->failed = sealed_unseal(w->table, key, sealed, &value, w->e) || behind(w->table, value, 8, &value, w->e);
	if (w->failed)
		return 1;
	return value.n ? w->position(w->arg, key, value) : 0;
}

int kafka_index_positions(struct kafka_index *x, struct span prefix, int (*each)(void *arg, struct span key,
	struct span value), void *arg, struct err *e)
{
	struct walk w = {.table = &x->positions, .position = each, .arg = arg, .e = e};

	return walk(x, &w, prefix, each_position, e);
}

int kafka_index_epoch(struct kafka_index *x, struct span flow, struct buf *ret, int64_t *ret_time_ms, struct err *e)
{
	struct store_txn *t;
	struct span value, text = SPAN_NONE;
	int got;

	if (kafka_index_read(x, &t, e))
		return -1;
	got = sealed_get(t, &x->epochs, flow, &value, e);
	if (got == 1 && behind(&x->epochs, value, STAMP_BYTES, &text, e))
		got = -1;
	if (got == 1 && !text.n)
		got = 0;
	if (got == 1) {
		*ret_time_ms = (int64_t)store_of64(value.p + 8);
		buf_span(ret, text);
	}
	store_abort(t);
	return kafka_index_told(x, got, e);
}

static int each_epoch(void *arg, struct span flow, struct span sealed)
{
	struct walk *w = arg;
	struct span value, text = SPAN_NONE;

	w->failed = sealed_unseal(w->table, flow, sealed, &value, w->e) ||
		behind(w->table, value, STAMP_BYTES, &text, w->e);
	if (w->failed)
		return 1;
	return text.n ? w->epoch(w->arg, flow, (int64_t)store_of64(value.p + 8), text) : 0;
}

int kafka_index_epochs(struct kafka_index *x,
	int (*each)(void *arg, struct span flow, int64_t time_ms, struct span value), void *arg, struct err *e)
{
	struct walk w = {.table = &x->epochs, .epoch = each, .arg = arg, .e = e};

	return walk(x, &w, SPAN_NONE, each_epoch, e);
}

/* ---- acts ---- */

int kafka_index_act_done(struct kafka_index *x, struct span id, struct err *e)
{
	struct store_txn *t;
	struct span value;
	int got;

	if (kafka_index_read(x, &t, e))
		return -1;
	got = sealed_get(t, &x->done, id, &value, e);
	store_abort(t);
	return kafka_index_told(x, got, e);
}

struct waiting {
	uint64_t offset;
	int64_t time_ms;
	size_t at, nid, nflow, ntext;    /* id, flow, text lie there, one behind the other */
};

struct gathered {
	struct walk walk;
	struct span flow;
	struct waiting *acts;
	size_t n, cap;
	struct buf bytes;
};

static int gather(void *arg, struct span id, struct span sealed)
{
	struct gathered *g = arg;
	struct walk *w = &g->walk;
	struct span value, rest = SPAN_NONE, flow;

	w->failed = sealed_unseal(w->table, id, sealed, &value, w->e) ||
		behind(w->table, value, STAMP_BYTES + 4, &rest, w->e);
	if (w->failed)
		return 1;
	flow = (struct span){rest.p, sealed_get32(value.p + STAMP_BYTES)};
	if (flow.n > rest.n) {
		w->failed = sealed_damaged(w->e, w->table->name, 0, 0);
		return 1;
	}
	if (g->flow.p && !span_eq(flow, g->flow))
		return 0;
	g->acts = mem_room(g->acts, &g->cap, g->n + 1, sizeof *g->acts);
	g->acts[g->n++] = (struct waiting){
		store_of64(value.p), (int64_t)store_of64(value.p + 8), g->bytes.n, id.n, flow.n, rest.n - flow.n};
	buf_span(&g->bytes, id);
	buf_span(&g->bytes, rest);
	return 0;
}

static int by_coming(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

int kafka_index_acts(struct kafka_index *x, struct span flow, int (*each)(void *arg, struct span flow, struct span id,
	int64_t time_ms, struct span text), void *arg, struct err *e)
{
	struct gathered g = {.walk = {.table = &x->waiting, .e = e}, .flow = flow};
	int failed = walk(x, &g.walk, SPAN_NONE, gather, e), stop = 0;

	if (!failed && g.n)
		qsort(g.acts, g.n, sizeof *g.acts, by_coming);
	for (size_t i = 0; !failed && !stop && i < g.n; i++) {
		const struct waiting *w = &g.acts[i];
		const char *p = g.bytes.p + w->at;

		stop = each(arg, (struct span){p + w->nid, w->nflow}, (struct span){p, w->nid}, w->time_ms,
			(struct span){p + w->nid + w->nflow, w->ntext});
	}
	free(g.acts);
	buf_done(&g.bytes);
	return failed;
}

bool kafka_index_no_acts(struct kafka_index *x)
{
	uint64_t seen = atomic_load(&x->acts);
	struct err ignored = ERR_INIT;
	struct store_txn *t;

	if (seen >> 1 != store_changes(x->store)) {
		if (kafka_index_read(x, &t, &ignored))
			return false;
		seen = store_moment(t) << 1 | (store_count(t, x->waiting.handle) == 0);
		atomic_store(&x->acts, seen);
		store_abort(t);
	}
	return seen & 1;
}
