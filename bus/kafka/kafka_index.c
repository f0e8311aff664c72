/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka_index_parts.h"

#include <errno.h>
#include <stdlib.h>

/* ---- eras: nobody looks into what another has emptied ---- */

static int era_get(struct kafka_index *x, struct store_txn *t, uint64_t *ret, struct err *e)
{
	struct span value;
	int got = store_get(t, x->meta, SPAN("era"), &value, e);

	if (got == 1 && value.n != 8)
		return sealed_damaged(e, "meta", 0, 0);
	*ret = got == 1 ? store_of64(value.p) : 0;
	return got < 0 ? -1 : 0;
}

int kafka_index_era_check(struct kafka_index *x, struct store_txn *t, struct err *e)
{
	uint64_t era;

	if (era_get(x, t, &era, e))
		return -1;
	return era == atomic_load(&x->era) ? 0 : err_set(e, E_STORE_EMPTIED, "%s", "");
}

int kafka_index_read(struct kafka_index *x, struct store_txn **ret, struct err *e)
{
	struct store_txn *t;
	uint64_t moment;

	if (store_read(x->store, &t, e))
		return -1;
	moment = store_moment(t);
	if (atomic_load(&x->checked) != moment) {
		if (kafka_index_era_check(x, t, e)) {
			store_abort(t);
			return -1;
		}
		atomic_store(&x->checked, moment);
	}
	*ret = t;
	return 0;
}

/* Topics keep their numbers: others hold them. */
static int empty_all(struct kafka_index *x, uint64_t *ret_era, struct err *e)
{
	const struct sealed *fixed[] = {&x->heads, &x->positions, &x->epochs, &x->waiting, &x->done};
	struct store_txn *t;
	uint64_t era;
	void *p;

	if (store_write(x->store, &t, e))
		return -1;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (store_empty(t, fixed[i]->handle, e))
			goto failed;
	for (unsigned i = 0; i < INDEX_COUNT; i++)
		if (store_empty(t, x->index[i].handle, e))
			goto failed;
	if (era_get(x, t, &era, e) || store_put(t, x->meta, SPAN("era"), 8, STORE_LAST, &p, e) < 0)
		goto failed;
	store_key64(era + 1, p);
	*ret_era = era + 1;
	return store_commit(t, e);
failed:
	store_abort(t);
	return -1;
}

int kafka_index_empty(struct kafka_index *x, struct err *e)
{
	uint64_t era;

	if (empty_all(x, &era, e))
		return -1;
	atomic_store(&x->era, era);
	atomic_store(&x->checked, 0);
	return 0;
}

int kafka_index_told(struct kafka_index *x, int got, struct err *e)
{
	bool damaged = got < 0 && e->id == E_STORE_DAMAGED;
	struct err ignored = ERR_INIT;
	uint64_t era;

	if (!damaged && (got >= 0 || e->id != E_STORE_FAILED))
		return got;
	if (!atomic_flag_test_and_set(&x->spoiled)) {
		store_spoil(x->store);
		/* Ours stays the old era: this process fails too until it opens anew. */
		if (damaged)
			(void)empty_all(x, &era, &ignored);
	}
	if (damaged) {
		*e = ERR_INIT;
		err_set(e, E_STORE_EMPTIED, "%s", "");
	}
	return -1;
}

/* ---- open, close ---- */

static void tables_name(struct kafka_index *x)
{
	sealed_name(&x->topics, "", "topics");
	sealed_name(&x->heads, "", "heads");
	sealed_name(&x->positions, "", "positions");
	sealed_name(&x->epochs, "", "epochs");
	sealed_name(&x->waiting, "", "waiting");
	sealed_name(&x->done, "", "done");
	for (unsigned i = 0; i < INDEX_COUNT; i++)
		sealed_name(&x->index[i], "index.", index_table[i].name);
}

/* 1 all are there, 0 not, -1. */
static int tables_open(struct kafka_index *x, struct store_txn *t, struct err *e)
{
	struct sealed *fixed[] = {&x->topics, &x->heads, &x->positions, &x->epochs, &x->waiting, &x->done};
	int got = store_table(t, "meta", &x->meta, e);

	for (size_t i = 0; got == 1 && i < sizeof fixed / sizeof *fixed; i++)
		got = store_table(t, fixed[i]->name, &fixed[i]->handle, e);
	for (unsigned i = 0; got == 1 && i < INDEX_COUNT; i++)
		got = store_table(t, x->index[i].name, &x->index[i].handle, e);
	return got;
}

static int lay_out(struct kafka_index *x, struct err *e)
{
	struct store_txn *t;
	int got;

	tables_name(x);
	if (store_read(x->store, &t, e))
		return -1;
	got = tables_open(x, t, e);
	store_abort(t);
	if (got)
		return got < 0 ? -1 : 0;
	if (store_write(x->store, &t, e))
		return -1;
	if (tables_open(x, t, e) == 1)
		return store_commit(t, e);
	store_abort(t);
	return -1;
}

static int look_in(struct kafka_index *x, struct err *e)
{
	struct store_txn *t;
	uint64_t era;
	int failed;

	if (store_read(x->store, &t, e))
		return -1;
	failed = era_get(x, t, &era, e) || kafka_index_names(x, t, e);
	store_abort(t);
	if (!failed)
		atomic_store(&x->era, era);
	return failed ? -1 : 0;
}

static int open_once(const struct store_conf *conf, struct kafka_index **ret, struct err *e)
{
	struct kafka_index *x = mem_new(sizeof *x);

	atomic_flag_clear(&x->spoiled);
	pthread_mutex_init(&x->lock, NULL);
	if (store_open(conf, &x->store, e) == 0 &&
		kafka_index_told(x, lay_out(x, e) || look_in(x, e) ? -1 : 0, e) == 0) {
		*ret = x;
		return 0;
	}
	kafka_index_close(x);
	return -1;
}

int kafka_index_open(const char *folder, const char *cluster, uint64_t max_bytes, struct kafka_index **ret,
	bool *ret_anew, struct err *e)
{
	struct store_conf conf = {.folder = folder, .max_bytes = max_bytes, .write = true};
	struct buf what = BUF_INIT;
	int failed;

	buf_printf(&what, "Kafka, edition %u.%u, %s", INDEX_EDITION, KAFKA_INDEX_LAYOUT, cluster);
	conf.shared = buf_text(&what);
	failed = open_once(&conf, ret, e);
	if (failed && e->id == E_STORE_EMPTIED) {
		*e = ERR_INIT;           /* by now it is spoiled, and thrown away unless others have it open */
		failed = open_once(&conf, ret, e);
	}
	buf_done(&what);
	if (!failed)
		*ret_anew = store_anew((*ret)->store);
	return failed;
}

void kafka_index_close(struct kafka_index *x)
{
	if (!x)
		return;
	kafka_put_free(x->kept);
	store_close(x->store, true);
	for (unsigned i = 0; i < BUS_TOPICS_MAX; i++)
		free(x->names[i]);
	pthread_mutex_destroy(&x->lock);
	free(x);
}

void kafka_index_room(struct kafka_index *x, uint64_t *ret_used, uint64_t *ret_max)
{
	*ret_used = store_bytes(x->store);
	*ret_max = store_limit(x->store);
}

/* ---- topics ---- */

/* Takes the text. A number never changes its name: whoever comes second has the same. */
static void name_set(struct kafka_index *x, unsigned number, char *text)
{
	char *none = NULL;

	if (!atomic_compare_exchange_strong(&x->names[number], &none, text))
		free(text);
}

int kafka_index_names(struct kafka_index *x, struct store_txn *t, struct err *e)
{
	struct store_cursor *c = NULL;
	struct span key, sealed, value;
	int got = store_walk(t, x->topics.handle, &c, e) ? -1 : store_seek(c, SPAN_NONE, &key, &sealed, e);

	while (got == 1) {
		if (sealed_unseal(&x->topics, key, sealed, &value, e))
			got = -1;
		else if (value.n != 4 || sealed_get32(value.p) >= BUS_TOPICS_MAX)
			got = sealed_damaged(e, x->topics.name, 0, 0);
		else
			name_set(x, sealed_get32(value.p), mem_text(key));
		if (got == 1)
			got = store_next(c, &key, &sealed, e);
	}
	store_walked(c);
	return got;
}

static unsigned number_of(struct kafka_index *x, const char *name)
{
	const char *text;
	unsigned n = 0;

	while (n < BUS_TOPICS_MAX && (!(text = atomic_load(&x->names[n])) || strcmp(text, name) != 0))
		n++;
	return n;
}

static int topic_make(struct kafka_index *x, const char *name, unsigned *ret, struct err *e)
{
	struct store_txn *t;
	unsigned n;
	char value[4];

	if (store_write(x->store, &t, e))
		return -1;
	if (kafka_index_names(x, t, e))
		goto failed;
	n = number_of(x, name);
	if (n < BUS_TOPICS_MAX) {        /* another has made it */
		store_abort(t);
		*ret = n;
		return 0;
	}
	n = 0;
	while (n < BUS_TOPICS_MAX && atomic_load(&x->names[n]))
		n++;
	if (n == BUS_TOPICS_MAX) {
		err_set(e, E_BUS_TOPICS, "max=%u", BUS_TOPICS_MAX);
		goto failed;
	}
	sealed_put32(value, n);
	if (sealed_put(t, &x->topics, span_of(name), (struct span){value, sizeof value}, e))
		goto failed;
	if (store_commit(t, e))
		return -1;
	name_set(x, n, mem_text(span_of(name)));
	*ret = n;
	return 0;
failed:
	store_abort(t);
	return -1;
}

int kafka_index_topic(struct kafka_index *x, const char *name, unsigned *ret_number, struct err *e)
{
	unsigned n = number_of(x, name);

	if (n == BUS_TOPICS_MAX)
		return kafka_index_told(x, topic_make(x, name, ret_number, e), e);
	*ret_number = n;
	return 0;
}

const char *kafka_index_name(struct kafka_index *x, unsigned number)
{
	struct err e = ERR_INIT;
	struct store_txn *t;

	if (number >= BUS_TOPICS_MAX)
		return NULL;
	if (!atomic_load(&x->names[number]) && store_read(x->store, &t, &e) == 0) {
		int failed = kafka_index_names(x, t, &e);

		store_abort(t);
		(void)kafka_index_told(x, failed, &e);
	}
	return atomic_load(&x->names[number]);
}
