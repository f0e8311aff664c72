/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "batch.h"
#include "clock.h"
#include "dead.h"
#include "kept.h"
#include "log.h"
#include "personal.h"

#define STAMP_MAX 1024u              /* what lane and number add to an event, and more */

void intake_publishing_free(struct publishing *p)
{
	if (!p)
		return;
	reader_close(p->reader);
	drop_spool_close(p->spool);
	form_free(p->form);
	library_free(p->library);
	totals_free(p->claim.totals);
	arena_done(&p->arena);
	buf_done(&p->record);
	buf_done(&p->time);
	free(p);
}

/* The form that the claim names, with its tables: ours, or as they were kept when one of them has changed since. */
static int form_of_claim(struct intake *in, struct publishing *p, const struct form **ret, struct err *e)
{
	*ret = in->setup.form;
	if (kept_is_that(in->setup.form, p->claim.form_digest, p->claim.tables))
		return 0;
	*ret = p->form = kept_form_of(in->setup.library, in->kept, in->forms, p->claim.form_digest, p->claim.tables, &p->library);
	return p->form ? 0 : err_set(e, E_FORM_STATE, "file=%.*s", SPAN_F(p->claim.name));
}

/* The claim read the same bytes to their end: what is wrong now is not the file. */
static int reread_failed(const struct publishing *p, struct err *e)
{
	const char *code = err_code(e->id)->name;

	if (err_kind(e) != ERR_DATA)
		return -1;
	err_set(e, E_BATCH_REREAD, "code=%s", code);
	return err_at(e, "%.*s", SPAN_F(p->claim.name));
}

/* The copy of a file that another host began to publish stayed there; whoever brought the original here has brought enough. */
static int open_spool(struct intake *in, struct publishing *p, uint64_t offset, struct err *e)
{
	const char *taken = arena_text(&p->arena, p->claim.taken);
	int ret = drop_spool_open(in->drop, taken, p->claim.digests, p->claim.size, offset, &p->spool, e);

	if (ret == 0 || e->id != E_DROP_SPOOL_MISSING || drop_spool_again(in->drop, taken, p->claim.digest, e) != 0)
		return ret;
	log_line(LOG_WARN, "intake.copied_again", "flow=%s file=%s", in->name, taken);
	*e = ERR_INIT;
	return drop_spool_open(in->drop, taken, p->claim.digests, p->claim.size, offset, &p->spool, e);
}

int intake_publish_begin(struct intake *in, struct span batchid, const json_t *saved, struct err *e)
{
	struct publishing *p = mem_new(sizeof *p);
	struct reader_setup setup = {.library = in->setup.library, .saved = json_object_get(saved, "reader")};
	const json_t *counts = json_object_get(saved, "published"), *n;
	uint64_t offset = (uint64_t)json_integer_value(json_object_get(setup.saved, "offset"));
	size_t i;
	int got;

	in->publishing = p;
	buf_clear(&in->former);
	got = claim_find(in->flow.bus, in->flow.owner, batchid, &p->record, &p->arena, &p->claim, e);
	if (got != 1)
		return got < 0 ? -1 : err_set(e, E_CLAIM_RECORD, "id=%.*s", SPAN_F(batchid));
	json_array_foreach(counts, i, n)
		if (i < INTAKE_PARTITIONS_MAX)
			p->published[i] = (uint64_t)json_integer_value(n);
	p->failed = (uint64_t)json_integer_value(json_object_get(saved, "failed"));
	clock_write(&p->time, p->claim.time_ms);
	if (form_of_claim(in, p, &setup.form, e) != 0 ||
		open_spool(in, p, form_whole(setup.form) || p->claim.overlays.n ? 0 : offset, e) != 0)
		return -1;
	setup.input = drop_spool_input(p->spool);
	setup.shown = arena_text(&p->arena, p->claim.name);
	setup.name = p->claim.name;
	setup.digest = p->claim.digest;
	setup.overlays = &p->claim.overlays;
	return reader_open(&setup, &p->reader, e) != 0 ? reread_failed(p, e) : 0;
}

static int dead_event(struct intake *in, const struct reading *g, const struct reading_event *x, const struct err *why,
	const char *kind, struct err *e)
{
	struct publishing *p = in->publishing;
	struct dead_letter d = {.flow = span_of(in->name), .batchid = p->claim.batchid, .id = x->id,
		.kind = span_of(kind), .code = span_of(err_code(why->id)->name), .args = span_of(why->args),
		.place = span_of(why->where), .file = p->claim.taken, .line = g->line, .record = g->number,
		.offset = g->offset, .raw = g->raw, .has_amount = x->readable, .amount_fen = x->fen,
		.currency = x->currency};

	struct buf masked = BUF_INIT, personal = BUF_INIT;

	personal_record(p->form ? p->form : in->setup.form, p->reader, g, &masked);
	personal_places(g->raw, buf_as_span(&masked), DEAD_RAW_MAX, &personal);
	d.personal = buf_as_span(&personal);
	intake_attend(in, false, true);
	buf_clear(&in->event);
	dead_write(&in->event, &d, p->claim.time_ms);
	buf_done(&masked);
	buf_done(&personal);
	return flow_append(&in->flow, in->dead, 0, p->claim.batchid, &in->event, e);
}

static int count_event(struct intake *in, const struct reading_event *x, enum total_term term, struct err *e)
{
	struct totals *t = journal_of(in->journal, in->publishing->claim.batchid);

	if (totals_add(t, TOTAL_READ, "", x->currency, x->fen, x->readable, e) != 0)
		return -1;
	return totals_add(t, term, "", x->currency, x->fen, x->readable, e);
}

/* None of the record's events goes out: a letter for each. */
static int dead_record(struct intake *in, const struct reading *g, const struct err *why, struct err *e)
{
	for (unsigned i = 0; i < g->nevents; i++) {
		in->publishing->failed++;
		if (dead_event(in, g, &g->events[i], why, "dead", e) != 0 ||
			count_event(in, &g->events[i], TOTAL_DEAD, e) != 0)
			return -1;
	}
	return 0;
}

/* v has the attributes that come from the record. */
static void write_event(struct intake *in, const struct reading *g, const struct reading_event *x, struct event *v, struct buf *to)
{
	struct publishing *p = in->publishing;

	v->source = span_of(in->source);
	v->time = buf_as_span(&p->time);
	v->partitionkey = v->partitionkey.n ? v->partitionkey : span_of(in->name);
	v->batchid = p->claim.batchid;
	v->paykey = reader_paykey(p->reader, x);
	reader_marks(p->reader, g, x, v);
	buf_clear(to);
	event_begin(to, v);
	reader_data(p->reader, x, to);
}

static int append_event(struct intake *in, const struct event *v, struct buf *event, struct err *e)
{
	struct publishing *p = in->publishing;
	unsigned partition = hash_partition(v->partitionkey, bus_partitions(in->flow.bus, in->topic));

	if (flow_append(&in->flow, in->topic, partition, v->partitionkey, event, e) != 0)
		return -1;
	p->published[partition]++;
	return 0;
}

/* One event ends as exactly one of: published, dead, duplicate, conflict, known. ret_v, zeroed, gets its attributes. */
static int judge_event(struct intake *in, const struct reading_event *x, struct event *ret_v, enum total_term *ret,
	struct err *e)
{
	enum id_verdict verdict;

	reader_attributes(in->publishing->reader, x, ret_v);
	*ret = TOTAL_KNOWN;
	if (intake_is_known(in, ret_v->businessdate))
		return 0;
	if (intake_look_up_id(in, x, &verdict, e) != 0)
		return -1;
	if (verdict == ID_AGAIN)
		ret_v->again = SPAN("1");
	*ret = verdict == ID_DUPLICATE ? TOTAL_DUPLICATE : verdict == ID_CONFLICT ? TOTAL_CONFLICT : TOTAL_PUBLISHED;
	return 0;
}

/* An event that does not go out although its record could be read. */
static int end_event(struct intake *in, const struct reading *g, const struct reading_event *x, enum total_term term,
	struct err *e)
{
	struct publishing *p = in->publishing;
	struct err why;

	p->failed++;
	if (term == TOTAL_DUPLICATE)
		intake_attend(in, false, true);
	if (term == TOTAL_CONFLICT) {
		err_set(&why, E_RECORD_CONFLICT, "id=%.*s", SPAN_F(x->id));
		err_at(&why, "%.*s:%" PRIu64, SPAN_F(p->claim.name), g->line);
		if (dead_event(in, g, x, &why, "conflict", e) != 0)
			return -1;
	}
	return count_event(in, x, term, e);
}

static int publish_event(struct intake *in, const struct reading *g, struct err *e)
{
	const struct reading_event *x = &g->events[0];
	struct event v = {0};
	enum total_term term;
	struct err why;

	if (judge_event(in, x, &v, &term, e) != 0)
		return -1;
	if (term != TOTAL_PUBLISHED)
		return end_event(in, g, x, term, e);
	write_event(in, g, x, &v, &in->event);
	if (append_event(in, &v, &in->event, e) == 0)
		return count_event(in, x, TOTAL_PUBLISHED, e);
	why = *e;
	return err_kind(e) == ERR_DATA ? dead_record(in, g, &why, e) : -1;
}

/* Several events of one record: nothing is staged before all are known to go out, and a step does not end between them. */
static int publish_events(struct intake *in, const struct reading *g, struct err *e)
{
	enum total_term terms[FORM_EVENTS_MAX];
	struct event events[FORM_EVENTS_MAX] = {0};
	bool conflict = false;
	struct err why;

	for (unsigned i = 0; i < g->nevents; i++) {
		if (judge_event(in, &g->events[i], &events[i], &terms[i], e) != 0)
			return -1;
		conflict |= terms[i] == TOTAL_CONFLICT;
		write_event(in, g, &g->events[i], &events[i], &in->events[i]);
		if (events[i].partitionkey.n > BUS_KEY_MAX || in->events[i].n + STAMP_MAX > BUS_VALUE_MAX) {
			err_set(&why, E_BUS_TOO_LARGE, "what=event\nsize=%zu\nmax=%u", in->events[i].n, BUS_VALUE_MAX);
			return dead_record(in, g, &why, e);
		}
	}
	for (unsigned i = 0; i < g->nevents; i++) {
		const struct reading_event *x = &g->events[i];

		if (conflict && terms[i] == TOTAL_PUBLISHED)
			terms[i] = TOTAL_CONFLICT;
		if (terms[i] != TOTAL_PUBLISHED ? end_event(in, g, x, terms[i], e) != 0
			: append_event(in, &events[i], &in->events[i], e) != 0 || count_event(in, x, terms[i], e) != 0)
			return -1;
	}
	return 0;
}

int intake_publish_again(struct intake *in, const struct reading *g, enum err_id *ret_why, struct err *e)
{
	struct event events[FORM_EVENTS_MAX] = {0};
	enum total_term term;

	*ret_why = E_NONE;
	for (unsigned i = 0; i < g->nevents; i++) {
		if (judge_event(in, &g->events[i], &events[i], &term, e) != 0)
			return -1;
		write_event(in, g, &g->events[i], &events[i], &in->events[i]);
		if (term != TOTAL_PUBLISHED)
			*ret_why = term == TOTAL_CONFLICT ? E_RECORD_CONFLICT : E_DEAD_ELSEWHERE;
		else if (events[i].partitionkey.n > BUS_KEY_MAX || in->events[i].n + STAMP_MAX > BUS_VALUE_MAX)
			*ret_why = E_BUS_TOO_LARGE;
		if (*ret_why)
			return 0;
	}
	for (unsigned i = 0; i < g->nevents; i++)
		if (append_event(in, &events[i], &in->events[i], e) != 0 ||
			count_event(in, &g->events[i], TOTAL_PUBLISHED, e) != 0)
			return -1;
	return 1;
}

static int publish_record(struct intake *in, const struct reading *g, struct err *e)
{
	if (g->bad.id)
		return dead_record(in, g, &g->bad, e);
	return g->nevents == 1 ? publish_event(in, g, e) : publish_events(in, g, e);
}

/* The batch's own partition is that of its id; its closing is the last and says which others there are. */
static int close_batch(struct intake *in, struct err *e)
{
	struct publishing *p = in->publishing;
	unsigned n = bus_partitions(in->flow.bus, in->topic), own = hash_partition(p->claim.batchid, n);
	struct event attributes = {.source = span_of(in->source), .time = buf_as_span(&p->time)};
	const struct form *form = p->form ? p->form : in->setup.form;    /* a batch ends with the form that it began with */
	struct batch_closing c = {.batchid = p->claim.batchid, .adapter = span_of(in->name),
		.whole = form->release == RELEASE_BATCH};

	_Static_assert(FORM_EVENTS_MAX <= BATCH_TYPES_MAX, "a closing names all types of a form");
	for (unsigned i = 0; i < form->nevents; i++)
		c.types[c.ntypes++] = span_of(form->events[i].type);
	for (unsigned i = 0; i < n; i++)
		if (p->published[i] || i == own) {
			c.partitions[c.npartitions++] = i;
			c.all += p->published[i];
		}
	for (unsigned k = 0; k <= n; k++) {
		unsigned i = k < n ? k : own;

		if (k < n && (i == own || !p->published[i]))
			continue;
		c.last = i == own;
		c.partition = i;
		c.published = p->published[i];
		c.failed = c.last ? p->failed : 0;
		buf_clear(&in->event);
		batch_closing_write(&in->event, &c, &attributes);
		if (flow_append(&in->flow, in->topic, i, p->claim.batchid, &in->event, e) != 0)
			return -1;
	}
	return 0;
}

static int publish_end(struct intake *in, struct err *e)
{
	struct publishing *p = in->publishing;

	if (claim_is_suspected(&p->claim))
		intake_attend(in, false, true);
	if (close_batch(in, e) != 0 || (p->claim.state = SPAN("published"), intake_append_claim(in, &p->claim, e)) != 0)
		return -1;
	intake_note_state(in, &p->claim);
	intake_delete_after(in, p->claim.taken);
	intake_publishing_free(p);
	in->publishing = NULL;
	return 0;
}

int intake_publish_slice(struct intake *in, struct err *e)
{
	struct publishing *p = in->publishing;
	struct reading g = {0};

	if (!p->reader) {
		struct buf batchid = p->record;
		int ret;

		p->record = BUF_INIT;
		intake_publishing_free(p);
		in->publishing = NULL;
		ret = intake_publish_begin(in, buf_as_span(&batchid), NULL, e);
		buf_done(&batchid);
		if (ret != 0)
			return -1;
		p = in->publishing;
	}
	while (!flow_step_full(&in->flow)) {
		if (reader_next(p->reader, &g, e) != 0)
			return reread_failed(p, e);
		if (g.kind == READ_END)
			break;
		if (g.kind == READ_RECORD && publish_record(in, &g, e) != 0)
			return -1;
	}
	if (g.kind == READ_END && publish_end(in, e) != 0)
		return -1;
	return intake_save_position(in, e);
}
