/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "fsys.h"
#include "log.h"
#include "topics.h"

int deliver_append_parcel(struct deliver *d, const struct parcel *p, const struct gathering *g, struct err *e)
{
	buf_clear(&d->event);
	parcel_event(&d->event, p, d->name, g ? g->ranges : NULL, g ? g->nranges : 0, span_of(d->source), clock_now_ms());
	return flow_append(&d->flow, d->parcels_topic, 0, span_of(d->name), &d->event, e);
}

int deliver_move_batch(struct deliver *d, const struct gathering *g, enum total_term from, enum total_term to, struct err *e)
{
	for (unsigned i = 0; i < g->nsums; i++) {
		struct span currency = span_of(g->sums[i].currency);

		if (journal_move(d->journal, span_of(g->batchid), from, d->name, currency, &g->sums[i].sum, -1, e) !=
				0 ||
			journal_move(d->journal, span_of(g->batchid), to, d->name, currency, &g->sums[i].sum, 1, e) !=
				0)
			return -1;
	}
	return 0;
}

int deliver_stop_batch(struct deliver *d, const struct gathering *g, struct err *e)
{
	d->flow.attention = true;
	log_line(LOG_WARN, "deliver.held", "flow=%s batch=%s err=%s lines=%" PRIu64, d->name, g->batchid, g->why,
		g->count);
	return deliver_move_batch(d, g, TOTAL_PENDING, TOTAL_STOPPED, e);
}

/* ---- position ---- */

static int save_out(struct deliver *d, struct err *e)
{
	struct buf *b = &d->position;
	bool comma = false;

	buf_clear(b);
	buf_printf(b, "{\"next\":%" PRIu64 ",\"open\":[", d->next_no);
	for (const struct gathering *g = d->open; g; g = g->next) {
		if (g->held)
			continue;
		buf_str(b, comma ? "," : "");
		gathering_write(g, b);
		comma = true;
	}
	buf_str(b, "],\"parcels\":[");
	for (const struct parcel *p = d->parcels; p; p = p->next) {
		parcel_write(p, b);
		if (p->next)
			buf_c(b, ',');
	}
	buf_c(b, ']');
	deliver_write_lost(d, b);
	deliver_write_handed(d, b);
	buf_str(b, ",\"totals\":");
	totals_write(d->totals, b);
	buf_str(b, JOURNAL_MARK "}");
	d->out_bytes = b->n;
	return flow_position_put(&d->flow, "out", buf_as_span(b), e);
}

int deliver_save(struct deliver *d, struct err *e)
{
	if (journal_post(d->journal, &d->flow, d->journal_topic, e) != 0)
		return -1;
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
	return deliver_save_held(d, e) != 0 ? -1 : save_out(d, e);
}

json_t *deliver_load_position(struct deliver *d, const char *name, struct err *e)
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

uint64_t deliver_number_after(const struct deliver *d, uint64_t no)
{
	while (no++ % d->step != d->setup.partition)
		;
	return no;
}

static int restore_out(struct deliver *d, const json_t *o, struct err *e)
{
	struct gathering **g = &d->open;
	struct parcel **p = &d->parcels;
	const json_t *v, *totals = json_object_get(o, "totals");
	char key[sizeof d->flow.name + sizeof "/out"];
	size_t i;

	snprintf(key, sizeof key, "%s/out", d->flow.name);
	d->next_no = (uint64_t)json_integer_value(json_object_get(o, "next"));
	if (!d->next_no)
		d->next_no = deliver_number_after(d, 0);
	json_array_foreach(json_object_get(o, "open"), i, v) {
		if (!(*g = gathering_read(v, e)))
			return -1;
		(*g)->changed = true;
		d->flow.attention |= (*g)->held;
		g = &(*g)->next;
	}
	deliver_read_lost(d, o);
	deliver_read_handed(d, o);
	json_array_foreach(json_object_get(o, "parcels"), i, v) {
		if (!(*p = parcel_read(v, e)))
			return -1;
		d->flow.attention |= (*p)->state == PARCEL_UNKNOWN;
		p = &(*p)->next;
	}
	return totals && (totals_read(d->totals, totals, e) != 0 || journal_found(d->journal, &d->flow, key, o, e) != 0) ? -1 : 0;
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
	if (!(o = deliver_load_position(d, name, e)))
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

struct outbox *deliver_outbox(const struct deliver *d, const struct parcel *p)
{
	return p->shadow == d->setup.shadow ? d->outbox : d->shadowed;
}

bool deliver_goes(const struct deliver *d, const struct parcel *p)
{
	return deliver_outbox(d, p) && (p->state != PARCEL_PLANNED || !deliver_is_stopped(d, p->batchid));
}

/* What an older life staged and no plan names was never planned: it is built anew. */
static int discard_unplanned(struct deliver *d, struct outbox *o, struct err *e)
{
	const char **keep = NULL;
	unsigned n = 0;
	int ret;

	for (const struct parcel *p = d->parcels; p; p = p->next)
		if (deliver_outbox(d, p) == o) {
			keep = mem_grow(keep, n + 2u, sizeof *keep);
			keep[n++] = p->staged;
			keep[n++] = p->staged_marker;
		}
	if (n)
		qsort(keep, n, sizeof *keep, by_text);
	ret = outbox_discard(o, keep, n, bus_generation(d->flow.owner), e);
	free(keep);
	return ret;
}

static int open_outbox(struct deliver *d, bool shadow, struct outbox **ret, struct err *e)
{
	if (!shadow)
		return outbox_open(d->folder, d->home, d->setup.group, ret, e);
	return fsys_make_path(d->shadow_folder, e) != 0
		? -1
		: outbox_open(d->shadow_folder, d->shadow_home, false, ret, e);
}

static int open_outboxes(struct deliver *d, struct err *e)
{
	bool shadows = false;

	if (d->out_name)
		return 0;
	for (const struct parcel *p = d->parcels; p; p = p->next)
		shadows |= p->shadow;
	if (open_outbox(d, d->setup.shadow, &d->outbox, e) != 0 ||
		(shadows && !d->setup.shadow && open_outbox(d, true, &d->shadowed, e) != 0))
		return -1;
	if (d->store && !d->setup.shadow && deliver_open_ledger(d, e) != 0)
		return -1;
	return discard_unplanned(d, d->outbox, e) != 0 || (d->shadowed && discard_unplanned(d, d->shadowed, e) != 0)
		? -1
		: 0;
}

/* The other way to gather has positions of its own: it would read all again from the beginning, and hand all of it over. */
static int check_gather(struct deliver *d, struct err *e)
{
	struct buf key = BUF_INIT;
	int got = 0;

	for (unsigned p = 0; got == 0 && p < (d->setup.partitions ? 1 : bus_partitions(d->flow.bus, d->topic)); p++) {
		buf_clear(&key);
		buf_str(&key, d->name);
		if (!d->setup.partitions)
			buf_printf(&key, ".p%u", p);
		buf_str(&key, "/out");
		buf_clear(&d->position);
		got = bus_position_get(d->flow.bus, buf_text(&key), &d->position, e);
	}
	buf_done(&key);
	return got <= 0 ? got
			: err_set(e, E_GATHER_OTHER, "destination=%s\ngather=%s", d->name,
				  d->setup.partitions ? "batch" : "partition");
}

static int deliver_open(struct flow *f, struct err *e)
{
	struct deliver *d = (struct deliver *)f;
	json_t *o;
	int ret;

	d->totals = totals_new();
	d->journal = journal_new(d->totals, 0);
	clock_boot_id(d->boot);
	if (!(o = deliver_load_position(d, "out", e)))
		return -1;
	d->out_bytes = d->position.n;
	ret = restore_out(d, o, e);
	json_decref(o);
	if (ret != 0 || check_gather(d, e) != 0 || deliver_restore_held(d, e) != 0 ||
		deliver_restore_stops(d, e) != 0 || deliver_check_way(d, e) != 0 || open_outboxes(d, e) != 0)
		return -1;
	if (d->setup.partitions)
		return open_input(d, d->setup.partition, e);
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
	deliver_forget_held(d);
	deliver_close_ledger(d);
	json_decref(d->stops);
	d->stops = NULL;
	outbox_close(d->outbox);
	outbox_close(d->shadowed);
	d->outbox = d->shadowed = NULL;
	journal_free(d->journal);
	d->journal = NULL;
	totals_free(d->totals);
	d->totals = NULL;
}

/* ---- the step ---- */

/* The machine stopped between handing and done: the rename may have been undone after the receiver took the file. Nobody takes
 * a shadow. */
static int find_unknown(struct deliver *d, bool *ret_any, struct err *e)
{
	for (struct parcel *p = d->parcels; p; p = p->next)
		if (p->state == PARCEL_HANDING && !p->shadow && strcmp(p->boot, d->boot) != 0) {
			p->state = PARCEL_UNKNOWN;
			*ret_any = d->flow.attention = true;
			if (deliver_append_parcel(d, p, NULL, e) != 0)
				return -1;
		}
	return 0;
}

static bool any_in(const struct deliver *d, enum parcel_state state)
{
	for (const struct parcel *p = d->parcels; p; p = p->next)
		if (p->state == state && deliver_goes(d, p))
			return true;
	return false;
}

/* Nothing of it has been planned, and nothing of it ever will be. */
static int end_returned(struct deliver *d, struct gathering *g, struct err *e)
{
	log_line(LOG_INFO, "deliver.returned", "flow=%s batch=%s lines=%" PRIu64, d->name, g->batchid, g->count);
	if (deliver_move_batch(d, g, TOTAL_PENDING, TOTAL_STOPPED, e) != 0 || deliver_drop_stop(d, g->batchid, e) != 0)
		return -1;
	deliver_gathering_drop(d, g);
	return 0;
}

/* Plans the first batch that may go, drops those of which nothing is left to go. */
static int settle_batches(struct deliver *d, bool *ret_any, struct err *e)
{
	for (struct gathering *g = d->open, *next; g; g = next) {
		next = g->next;
		switch (d->setup.partitions ? gathering_judge_part(g, d->setup.partition) : gathering_judge(g)) {
		case GATHER_OPEN:
			break;
		case GATHER_HOLD:
			*ret_any = true;
			if (deliver_stop_batch(d, g, e) != 0)
				return -1;
			break;
		case GATHER_NOTHING:
			*ret_any = true;
			deliver_gathering_drop(d, g);
			break;
		case GATHER_RETURNED:
			*ret_any = true;
			if (end_returned(d, g, e) != 0)
				return -1;
			break;
		case GATHER_READY:
			if (deliver_is_stopped(d, g->batchid))
				break;
			*ret_any = true;
			return d->out_name ? deliver_publish_batch(d, g, e) : deliver_plan_batch(d, g, e);
		}
	}
	return 0;
}

static int deliver_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct deliver *d = (struct deliver *)f;
	const size_t most = bus_step_records(f->bus);
	size_t budget = most;
	bool any = d->unsaved;
	struct gathering *under_way;

	d->unsaved = false;
	if (find_unknown(d, &any, e) != 0)
		return -1;
	if (!any && any_in(d, PARCEL_HANDING)) {
		any = true;
		if (deliver_hand_over(d, e) != 0)
			return -1;
	} else if (!any && any_in(d, PARCEL_PLANNED)) {
		any = true;
		if (deliver_announce(d, e) != 0)
			return -1;
	} else if (!any && (under_way = deliver_publishing(d)) != NULL) {
		any = true;
		if (deliver_publish_batch(d, under_way, e) != 0)
			return -1;
	} else if (!any) {
		if (settle_batches(d, &any, e) != 0)
			return -1;
		if (!any && deliver_read(d, &budget, e) != 0)
			return -1;
		any |= budget < most;
	}
	*ret = any ? FLOW_COMMIT : FLOW_IDLE;
	return any ? deliver_save(d, e) : 0;
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
	free(d->shadow_folder);
	free(d->home);
	free(d->shadow_home);
	free(d->out_name);
	free(d->source);
	free(d->site);
	free(d->store);
	free(d);
}

static const struct flow_kind deliver_kind = {
	.name = "destination",
	.poll_ms = 0,
	.open = deliver_open,
	.step = deliver_step,
	.act_people = deliver_act_people,
	.act = deliver_act,
	.close = deliver_close,
	.free = deliver_free,
};

static char *home_of(const struct deliver_setup *s, const char *folder)
{
	struct buf b = BUF_INIT;
	char *ret;

	buf_str(&b, folder);
	if (s->partitions)
		buf_printf(&b, "/.staging/p%u", s->partition);
	ret = mem_text(buf_as_span(&b));
	buf_done(&b);
	return ret;
}

struct flow *deliver_new(const struct deliver_setup *s, struct err *e)
{
	struct deliver *d = mem_new(sizeof *d);
	struct buf t = BUF_INIT;
	int ret;

	d->flow.kind = &deliver_kind;
	d->flow.bus = s->bus;
	d->setup = *s;
	d->step = s->partitions ? s->partitions : 1;
	d->flow.parted = s->partitions > 0;
	snprintf(d->flow.whole, sizeof d->flow.whole, "%s", s->partitions ? s->name : "");
	d->flow.partition = s->partition;
	if (s->partitions)
		snprintf(d->flow.name, sizeof d->flow.name, "%s.p%u", s->name, s->partition);
	else
		snprintf(d->flow.name, sizeof d->flow.name, "%s", s->name);
	d->name = mem_text(span_of(s->name));
	d->folder = mem_text(span_of(s->folder ? s->folder : ""));
	d->out_name = s->topic ? mem_text(span_of(s->topic)) : NULL;
	d->site = mem_text(span_of(s->site ? s->site : ""));
	d->store = s->store ? mem_text(span_of(s->store)) : NULL;
	d->shadow_folder = mem_text(span_of(s->shadow_folder ? s->shadow_folder : ""));
	d->home = home_of(s, d->folder);
	d->shadow_home = home_of(s, d->shadow_folder);
	slots_init(&d->slots, names_count(s->form->names));
	form_site_values(s->library, s->form->names, &d->slots);
	buf_printf(&t, "/%s/%s", s->library->site_name, s->name);
	d->source = mem_text(buf_as_span(&t));
	buf_clear(&t);
	buf_printf(&t, TOPIC_TO "%s", s->name);
	ret = bus_topic(s->bus, buf_text(&t), &d->topic, e) || bus_topic(s->bus, TOPIC_PARCELS, &d->parcels_topic, e) ||
		bus_topic(s->bus, TOPIC_JOURNAL, &d->journal_topic, e);
	buf_done(&t);
	if (!ret && d->out_name)
		ret = bus_topic(s->bus, d->out_name, &d->out_topic, e);
	if (ret) {
		deliver_free(&d->flow);
		return NULL;
	}
	d->flow.inputs[d->flow.ninputs++] = d->topic;
	d->flow.outputs[d->flow.noutputs++] = d->parcels_topic;
	if (d->out_name)
		d->flow.outputs[d->flow.noutputs++] = d->out_topic;
	d->flow.outputs[d->flow.noutputs++] = d->journal_topic;
	return &d->flow;
}
