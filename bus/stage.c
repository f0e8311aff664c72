/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <assert.h>
#include <stdlib.h>

#include "index.h"

/* Bytes of a stage: the buffer moves while it grows, so places are kept and spans made last. */
struct piece {
	size_t at, n;
};

struct staged_record {
	unsigned topic, partition;
	struct piece key, value;
};

struct staged_entry {
	unsigned index;
	size_t record;
	struct piece key, extra;
};

struct staged_position {
	struct piece key, value;
};

/* Hash from (index, key) to the entry that a look-up finds. A slot of an earlier round is free. */
struct overlay_slot {
	uint64_t hash;
	uint32_t round, entry;
};

struct stage {
	struct stage *next;          /* in the pool */
	struct buf bytes;
	struct staged_record *records;
	struct staged_entry *entries;
	struct staged_position *positions;
	struct piece *acts;
	size_t nrecords, nentries, npositions, nacts;
	size_t cap_records, cap_entries, cap_positions, cap_acts;
	struct overlay_slot *slots;
	size_t nslots, in_slots;
	uint32_t round;
	/* The same with spans, made for the driver. */
	struct commit_record *out_records;
	struct commit_entry *out_entries;
	struct commit_position *out_positions;
	const char **out_acts;
	size_t cap_out_records, cap_out_entries, cap_out_positions, cap_out_acts;
};

/* ---- pool ---- */

void stage_pool_init(struct stage_pool *p)
{
	pthread_mutex_init(&p->lock, NULL);
	p->spare = NULL;
}

static void stage_free(struct stage *s)
{
	buf_done(&s->bytes);
	free(s->records);
	free(s->entries);
	free(s->positions);
	free(s->acts);
	free(s->slots);
	free(s->out_records);
	free(s->out_entries);
	free(s->out_positions);
	free(s->out_acts);
	free(s);
}

void stage_pool_done(struct stage_pool *p)
{
	for (struct stage *s = p->spare, *next; s; s = next) {
		next = s->next;
		stage_free(s);
	}
	pthread_mutex_destroy(&p->lock);
}

struct stage *stage_take(struct stage_pool *p)
{
	struct stage *s;

	pthread_mutex_lock(&p->lock);
	s = p->spare;
	if (s)
		p->spare = s->next;
	pthread_mutex_unlock(&p->lock);
	if (!s) {
		s = mem_new(sizeof *s);
		s->round = 1;
	}
	return s;
}

void stage_give(struct stage_pool *p, struct stage *s)
{
	buf_clear(&s->bytes);
	s->nrecords = s->nentries = s->npositions = s->nacts = s->in_slots = 0;
	if (++s->round == 0) {
		memset(s->slots, 0, s->nslots * sizeof *s->slots);
		s->round = 1;
	}
	pthread_mutex_lock(&p->lock);
	s->next = p->spare;
	p->spare = s;
	pthread_mutex_unlock(&p->lock);
}

/* ---- what is looked up ---- */

/* Room for one more element behind n. */
static void *room(void *p, size_t *cap, size_t n, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 32;
	return mem_grow(p, *cap, size);
}

static struct piece keep(struct stage *s, struct span bytes)
{
	struct piece p = {s->bytes.n, bytes.n};

	buf_span(&s->bytes, bytes);
	return p;
}

static struct span piece_span(const struct stage *s, struct piece p)
{
	return (struct span){p.n ? s->bytes.p + p.at : "", p.n};
}

/* Eight bytes a step; only spread matters, the key is compared afterwards. */
static uint64_t overlay_hash(unsigned index, struct span key)
{
	uint64_t h = (index + 1) * UINT64_C(0x9e3779b97f4a7c15), w;
	size_t i = 0;

	for (; i + 8 <= key.n; i += 8) {
		memcpy(&w, key.p + i, 8);
		h = (h ^ w) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	for (w = key.n; i < key.n; i++)
		w = w << 8 | (unsigned char)key.p[i];
	h = (h ^ w) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 29;
}

/* The slot where the key is or belongs. There is always a free one. */
static struct overlay_slot *overlay_slot(const struct stage *s, unsigned index, struct span key, uint64_t hash)
{
	for (size_t i = hash & (s->nslots - 1);; i = (i + 1) & (s->nslots - 1)) {
		struct overlay_slot *slot = &s->slots[i];
		const struct staged_entry *x;

		if (slot->round != s->round)
			return slot;
		x = &s->entries[slot->entry];
		if (slot->hash == hash && x->index == index && span_eq(piece_span(s, x->key), key))
			return slot;
	}
}

static const struct staged_entry *overlay_find(const struct stage *s, unsigned index, struct span key)
{
	struct overlay_slot *slot;

	if (!s || !s->in_slots)
		return NULL;
	slot = overlay_slot(s, index, key, overlay_hash(index, key));
	return slot->round == s->round ? &s->entries[slot->entry] : NULL;
}

static void overlay_grow(struct stage *s)
{
	struct overlay_slot *old = s->slots;
	size_t nold = s->nslots;

	s->nslots = nold ? nold * 2 : 64;
	s->slots = mem_new(s->nslots * sizeof *s->slots);
	for (size_t i = 0; i < nold; i++)
		if (old[i].round == s->round) {
			const struct staged_entry *x = &s->entries[old[i].entry];

			*overlay_slot(s, x->index, piece_span(s, x->key), old[i].hash) = old[i];
		}
	free(old);
}

static void overlay_put(struct stage *s, size_t entry)
{
	const struct staged_entry *x = &s->entries[entry];
	struct span key = piece_span(s, x->key);
	uint64_t hash = overlay_hash(x->index, key);
	struct overlay_slot *slot;

	if (s->in_slots * 2 >= s->nslots)
		overlay_grow(s);
	slot = overlay_slot(s, x->index, key, hash);
	s->in_slots += slot->round != s->round;
	*slot = (struct overlay_slot){hash, s->round, (uint32_t)entry};
}

int stage_look(const struct stage *s, unsigned index, struct span key, struct buf *scratch, struct bus_entry *ret)
{
	const struct staged_entry *x = overlay_find(s, index, key);

	if (!x)
		return 0;
	buf_clear(scratch);
	buf_span(scratch, piece_span(s, x->extra));
	*ret = (struct bus_entry){.pending = true, .topic = s->records[x->record].topic,
		.partition = s->records[x->record].partition, .extra = buf_as_span(scratch)};
	return 1;
}

/* ---- what comes in ---- */

int stage_too_large(struct err *e, const char *what, size_t size, size_t max)
{
	return err_set(e, E_BUS_TOO_LARGE, "what=%s\nsize=%zu\nmax=%zu", what, size, max);
}

/* A record that is being staged puts its entries here. */
struct fold {
	struct index_sink sink;
	struct stage *stage;
};

static int fold_put(struct index_sink *sink, unsigned index, struct span key, struct span extra, struct err *e)
{
	struct stage *s = ((struct fold *)sink)->stage;
	struct staged_entry *x;

	(void)e;
	assert(key.n > 0 && key.n <= INDEX_KEY_MAX);
	if (index_table[index].keep == INDEX_FIRST && overlay_find(s, index, key))
		return 0;
	s->entries = room(s->entries, &s->cap_entries, s->nentries, sizeof *s->entries);
	x = &s->entries[s->nentries++];
	*x = (struct staged_entry){.index = index, .record = s->nrecords};
	x->key = keep(s, key);
	x->extra = keep(s, extra);
	return 0;
}

int stage_record(struct stage *s, const char *topic_name, unsigned topic, unsigned partition, struct span key,
	struct span value, struct err *e)
{
	struct fold fold = {{fold_put}, s};
	size_t bytes = s->bytes.n, entries = s->nentries;
	struct staged_record *r;

	if (bytes + key.n + value.n > BUS_COMMIT_MAX)
		return stage_too_large(e, "commit", bytes + key.n + value.n, BUS_COMMIT_MAX);
	if (index_fold(topic_name, value, &fold.sink, e) < 0) {
		s->bytes.n = bytes;
		s->nentries = entries;
		return -1;
	}
	/* Only now can the record no longer fail: look-ups may see its entries. */
	while (entries < s->nentries)
		overlay_put(s, entries++);
	s->records = room(s->records, &s->cap_records, s->nrecords, sizeof *s->records);
	r = &s->records[s->nrecords++];
	*r = (struct staged_record){.topic = topic, .partition = partition};
	r->key = keep(s, key);
	r->value = keep(s, value);
	return 0;
}

int stage_position(struct stage *s, struct span key, struct span value, struct err *e)
{
	size_t i = 0;

	if (s->bytes.n + key.n + value.n > BUS_COMMIT_MAX)
		return stage_too_large(e, "commit", s->bytes.n + key.n + value.n, BUS_COMMIT_MAX);
	while (i < s->npositions && !span_eq(piece_span(s, s->positions[i].key), key))
		i++;
	if (i == s->npositions) {
		s->positions = room(s->positions, &s->cap_positions, i, sizeof *s->positions);
		s->npositions++;
		s->positions[i].key = keep(s, key);
	}
	s->positions[i].value = keep(s, value);
	return 0;
}

void stage_act(struct stage *s, const char *id)
{
	s->acts = room(s->acts, &s->cap_acts, s->nacts, sizeof *s->acts);
	s->acts[s->nacts++] = keep(s, (struct span){id, strlen(id) + 1});
}

size_t stage_bytes(const struct stage *s)
{
	return s ? s->bytes.n : 0;
}

size_t stage_records(const struct stage *s)
{
	return s ? s->nrecords : 0;
}

size_t stage_entries(const struct stage *s)
{
	return s ? s->nentries : 0;
}

/* ---- what goes out ---- */

static void *as_many(void *p, size_t *cap, size_t n, size_t size)
{
	if (n <= *cap)
		return p;
	*cap = n + n / 2;
	return mem_grow(p, *cap, size);
}

struct bus_commit stage_show(struct stage *s)
{
	s->out_records = as_many(s->out_records, &s->cap_out_records, s->nrecords, sizeof *s->out_records);
	s->out_entries = as_many(s->out_entries, &s->cap_out_entries, s->nentries, sizeof *s->out_entries);
	s->out_positions = as_many(s->out_positions, &s->cap_out_positions, s->npositions, sizeof *s->out_positions);
	s->out_acts = as_many(s->out_acts, &s->cap_out_acts, s->nacts, sizeof *s->out_acts);
	for (size_t i = 0; i < s->nrecords; i++) {
		const struct staged_record *r = &s->records[i];

		s->out_records[i] = (struct commit_record){r->topic, r->partition, piece_span(s, r->key),
			piece_span(s, r->value)};
	}
	for (size_t i = 0; i < s->nentries; i++) {
		const struct staged_entry *x = &s->entries[i];

		s->out_entries[i] = (struct commit_entry){x->index, x->record, piece_span(s, x->key),
			piece_span(s, x->extra)};
	}
	for (size_t i = 0; i < s->npositions; i++)
		s->out_positions[i] = (struct commit_position){piece_span(s, s->positions[i].key),
			piece_span(s, s->positions[i].value)};
	for (size_t i = 0; i < s->nacts; i++)
		s->out_acts[i] = s->bytes.p + s->acts[i].at;
	return (struct bus_commit){s->out_records, s->nrecords, s->out_entries, s->nentries, s->out_positions,
		s->npositions, s->out_acts, s->nacts};
}
