/* SPDX-License-Identifier: Apache-2.0 */
#include "embedded.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"

#define BATCH_ENTRIES 20000u
#define BATCH_BYTES (4u << 20)
#define PROGRESS_MS 5000

/* An entry that waits to be written; bytes lie in the batch's buffer. */
struct pending {
	unsigned index;
	size_t key_at, key_n, extra_n;   /* extra follows the key */
	struct place place;
	int64_t time_ms;
};

struct fold {
	struct index_sink sink;
	struct embedded *bus;
	const struct topic *topic;
	struct place place;          /* of the record that is being folded */
	int64_t time_ms;
	struct pending *pending;
	size_t n, cap;
	struct buf bytes;
	uint64_t records, entries;
	int64_t told_ms;
};

static int put(struct index_sink *sink, unsigned index, struct span key, struct span extra, struct err *e)
{
	struct fold *f = (struct fold *)sink;

	(void)e;
	f->pending = mem_room(f->pending, &f->cap, f->n + 1, sizeof *f->pending);
	f->pending[f->n++] = (struct pending){index, f->bytes.n, key.n, extra.n, f->place, f->time_ms};
	buf_span(&f->bytes, key);
	buf_span(&f->bytes, extra);
	return 0;
}

/* ---- writing a batch ---- */

static int time_of(struct embedded *b, struct store_txn *t, const struct place *place, int64_t *ret, struct err *e)
{
	struct topic *topic = place->number < BUS_TOPICS_MAX ? b->numbered[place->number] : NULL;
	struct record record;
	struct span raw;
	char key[8];
	int got;

	if (!topic || place->partition >= topic->partitions)
		return sealed_damaged(e, "index", 0, 0);
	store_key64(place->offset, key);
	got = store_get(t, topic->logs[place->partition].table, (struct span){key, sizeof key}, &raw, e);
	if (got == 0)
		sealed_damaged(e, topic->name, place->partition, place->offset);
	if (got <= 0 || embedded_unpack(topic, place->partition, place->offset, raw, &record, e))
		return -1;
	*ret = record.time_ms;
	return 0;
}

/* Whether x takes the place of what is there: 1, 0, -1. The order in which records were committed decides, not the one
 * in which they are folded; that is the order of offsets in a partition, and of times elsewhere. */
static int replaces(struct fold *f, struct store_txn *t, const struct pending *x, struct span there, struct err *e)
{
	bool last = index_table[x->index].keep == INDEX_LAST;
	struct place old;
	int64_t ms = 0;

	if (there.n < PLACE_BYTES)
		return sealed_damaged(e, f->bus->index[x->index].name, 0, 0);
	sealed_place_get(there.p, &old);
	if (old.number == x->place.number && old.partition == x->place.partition)
		return last;
	if (time_of(f->bus, t, &old, &ms, e))
		return -1;
	return last ? x->time_ms >= ms : x->time_ms < ms;
}

static int write_entry(struct fold *f, struct store_txn *t, const struct pending *x, struct err *e)
{
	const struct sealed *table = &f->bus->index[x->index];
	struct span key = {f->bytes.p + x->key_at, x->key_n}, there;
	size_t n = PLACE_BYTES + x->extra_n;
	char *p;
	int got = sealed_reserve(t, table, key, n, STORE_FIRST, &p, e);

	if (got == 0) {                  /* rare, but for claims */
		got = sealed_get(t, table, key, &there, e) < 0 ? -1 : replaces(f, t, x, there, e);
		if (got <= 0)
			return got;
		got = sealed_reserve(t, table, key, n, STORE_LAST, &p, e);
	}
	if (got < 0)
		return -1;
	sealed_place_put(p, &x->place);
	memcpy(p + PLACE_BYTES, key.p + key.n, x->extra_n);
	sealed_seal(table, key, p, n);
	f->entries++;
	return 0;
}

static int by_key(const void *a, const void *b, void *arg)
{
	const struct pending *x = a, *y = b;
	const char *bytes = arg;
	int order = x->index < y->index ? -1 : x->index > y->index;

	if (!order)
		order = span_cmp((struct span){bytes + x->key_at, x->key_n},
			(struct span){bytes + y->key_at, y->key_n});
	return order ? order : x->key_at < y->key_at ? -1 : x->key_at > y->key_at;
}

static int write_batch(struct fold *f, struct err *e)
{
	struct store_txn *t;

	if (f->n == 0)
		return 0;
	if (store_write(f->bus->store, &t, e))
		return -1;
	qsort_r(f->pending, f->n, sizeof *f->pending, by_key, f->bytes.p);
	for (size_t i = 0; i < f->n; i++)
		if (write_entry(f, t, &f->pending[i], e)) {
			store_abort(t);
			return -1;
		}
	f->n = 0;
	buf_clear(&f->bytes);
	return store_commit(t, e);
}

/* ---- looking through ---- */

static void tell(struct fold *f, bool end)
{
	int64_t now = clock_steady_ms();

	if (!end && now - f->told_ms < PROGRESS_MS)
		return;
	f->told_ms = now;
	log_line(LOG_INFO, end ? "store.checked" : "store.checking", "records=%" PRIu64 " entries=%" PRIu64, f->records,
		f->entries);
}

static int fold_record(struct fold *f, const struct bus_message *m, struct err *e)
{
	if (m->offset != f->place.offset || m->time_ms < f->time_ms)
		return sealed_damaged(e, f->topic->name, f->place.partition, f->place.offset);
	f->time_ms = m->time_ms;
	if (index_fold(f->topic->name, m->value, &f->sink, e))
		return err_at(e, "%s/%u@%" PRIu64, f->topic->name, f->place.partition, m->offset);
	f->place.offset++;
	f->records++;
	if ((f->n >= BATCH_ENTRIES || f->bytes.n >= BATCH_BYTES) && write_batch(f, e))
		return -1;
	if (f->records % 1024 == 0)
		tell(f, false);
	return 0;
}

static int fold_log(struct fold *f, unsigned partition, struct err *e)
{
	struct reader r = {.bus = f->bus, .topic = f->topic, .partition = partition};
	struct bus_message m;
	int got;

	f->place = (struct place){f->topic->number, partition, 0};
	f->time_ms = INT64_MIN;
	while ((got = embedded_next(&r.reader, &m, e)) == 1)
		if (fold_record(f, &m, e)) {
			got = -1;
			break;
		}
	buf_done(&r.chunk);
	return got;
}

static int fold_logs(struct embedded *b, struct err *e)
{
	struct fold f = {.sink = {put}, .bus = b, .told_ms = clock_steady_ms()};
	int failed = 0;

	for (unsigned i = 0; !failed && i < BUS_TOPICS_MAX; i++) {
		f.topic = b->numbered[i];
		for (unsigned j = 0; f.topic && !failed && j < f.topic->partitions; j++)
			failed = fold_log(&f, j, e);
	}
	failed = failed || write_batch(&f, e);
	if (!failed && f.records)
		tell(&f, true);
	free(f.pending);
	buf_done(&f.bytes);
	return failed ? -1 : 0;
}

struct checked {
	const struct sealed *table;
	struct err *e;
	int failed;
};

static int check_sealed(void *arg, struct span key, struct span sealed)
{
	struct checked *c = arg;
	struct span value;

	c->failed = sealed_unseal(c->table, key, sealed, &value, c->e);
	return c->failed;
}

static int check_tables(struct embedded *b, struct err *e)
{
	const struct sealed *tables[] = {&b->epochs, &b->positions, &b->acts};

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct checked c = {tables[i], e, 0};

		if (store_scan(b->store, tables[i]->handle, SPAN_NONE, check_sealed, &c, e) || c.failed)
			return -1;
	}
	return 0;
}

/* ---- the checkpoint ---- */

int embedded_folded(struct embedded *b, struct err *e)
{
	struct store_txn *t;
	struct span value;
	int got, folding;

	if (store_read(b->store, &t, e))
		return -1;
	folding = store_get(t, b->meta, SPAN("folding"), &value, e);
	got = folding < 0 ? -1 : store_get(t, b->meta, SPAN("edition"), &value, e);
	if (got == 1)
		got = !folding && value.n == 4 && sealed_get32(value.p) == INDEX_EDITION;
	store_abort(t);
	return got;
}

static int begin(struct embedded *b, struct err *e)
{
	struct store_txn *t;
	void *p;

	if (store_write(b->store, &t, e))
		return -1;
	if (store_put(t, b->meta, SPAN("folding"), 1, STORE_LAST, &p, e) < 0)
		goto failed;
	memcpy(p, "1", 1);
	for (unsigned i = 0; i < INDEX_COUNT; i++)
		if (store_empty(t, b->index[i].handle, e))
			goto failed;
	return store_commit(t, e);
failed:
	store_abort(t);
	return -1;
}

static int finish(struct embedded *b, struct err *e)
{
	struct store_txn *t;
	void *p;

	if (store_write(b->store, &t, e))
		return -1;
	if (store_put(t, b->meta, SPAN("edition"), 4, STORE_LAST, &p, e) < 0)
		goto failed;
	sealed_put32(p, INDEX_EDITION);
	if (store_delete(t, b->meta, SPAN("folding"), e) < 0)
		goto failed;
	return store_commit(t, e);
failed:
	store_abort(t);
	return -1;
}

int embedded_fold(struct embedded *b, struct err *e)
{
	return check_tables(b, e) || begin(b, e) || fold_logs(b, e) || finish(b, e) ? -1 : 0;
}
