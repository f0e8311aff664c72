/* SPDX-License-Identifier: Apache-2.0 */
#include "deep_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "connectors/drop.h"
#include "fsys.h"
#include "index.h"
#include "kept.h"
#include "original.h"
#include "reader.h"

void deep_forget_older(struct older *o)
{
	form_free(o->form);
	library_free(o->library);
	free(o->adapter);
	free(o->digest);
	free(o->tables);
	*o = (struct older){0};
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

static int count_read(struct recount *c, struct totals *t, const struct reading_event *x, enum total_term whole)
{
	if (totals_add(t, TOTAL_READ, "", x->currency, x->fen, x->readable, c->e) != 0)
		return -1;
	return whole == TOTAL_COUNT ? 0 : totals_add(t, whole, "", x->currency, x->fen, x->readable, c->e);
}

static int read_records(struct recount *c, const struct claim *claim, struct reader *r)
{
	struct totals *t = deep_flow_of(c->deep, claim->adapter)->files;
	enum total_term whole = term_of(claim->was.n ? claim->was : claim->state);
	struct reading g;

	do {
		if (reader_next(r, &g, c->e) != 0)
			return -1;
		if (g.kind != READ_RECORD)
			continue;
		deep_progress(c);
		for (unsigned i = 0; i < g.nevents; i++)
			if (count_read(c, t, &g.events[i], whole) != 0)
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
		ret = o->input.fill(&o->input, rest, sizeof rest, &n, c->e);
	hash_sha256_get(o->hash, digest);
	hash_hex(&hex, digest, sizeof digest);
	if (ret == 0 && !span_eq(buf_as_span(&hex), claim->digest))
		deep_find(c->deep, DEEP_ORIGINAL_ALTERED, deep_flow_of(c->deep, claim->adapter)->name, o->path, 0, 0);
	buf_done(&hex);
	return ret;
}

/* The form that the claim was made with, and its tables; NULL: they are kept no more. */
static const struct form *form_of(struct recount *c, const struct site_adapter *a, const struct claim *claim)
{
	struct older *o = &c->older;

	if (kept_is_that(a->form, claim->form_digest, claim->tables))
		return a->form;
	if (o->form && strcmp(o->adapter, a->name) == 0 && span_is(claim->form_digest, o->digest) &&
		span_is(claim->tables, o->tables))
		return o->form;
	deep_forget_older(o);
	o->form = original_form(c->site, c->bus, a, claim, &o->library);
	o->adapter = mem_text(span_of(a->name));
	o->digest = mem_text(claim->form_digest);
	o->tables = mem_text(claim->tables);
	return o->form;
}

static int recount_file(struct recount *c, const struct claim *claim)
{
	const struct site_adapter *a = site_adapter(c->site, claim->adapter);
	struct original o;
	struct reader_setup setup = {.library = c->site->library, .input = &o.input,
		.name = claim->name, .digest = claim->digest, .overlays = &claim->overlays};
	struct reader *r = NULL;
	struct buf path = BUF_INIT;
	int ret = 0;

	/* What is to be read again is counted when it has been; what lies on another host is counted there. */
	if (!a || span_is(claim->state, "reread") || !deep_flow_of(c->deep, claim->adapter)->hosts)
		return 0;
	buf_printf(&path, "%s/.taken/%.*s", a->folder, SPAN_F(claim->taken));
	setup.shown = buf_text(&path);
	o = original_open(setup.shown, O_NOFOLLOW);
	if (o.fd < 0) {
		deep_find(c->deep, DEEP_ORIGINAL_GONE, a->name, setup.shown, 0, 0);
		buf_done(&path);
		return 0;
	}
	setup.form = form_of(c, a, claim);
	if (setup.form == c->older.form)
		setup.library = c->older.library;
	if (!setup.form) {
		deep_find(c->deep, DEEP_FORM_GONE, a->name, setup.shown, 0, 0);
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
int deep_count_claim(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	struct arena a = ARENA_INIT;
	struct claim claim;
	int ret = 0;

	(void)topic;
	(void)partition;
	if (!span_is(v->type, EVENT_CLAIM) ||
		bus_look(c->bus, NULL, INDEX_CLAIMS, index_key(key, INDEX_BATCH, v->batchid, SPAN_NONE), &at, c->e) !=
			1 ||
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
