/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "event.h"
#include "jscan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

static void lies_within(struct span part, struct span json)
{
	MUST(!part.n || (part.p >= json.p && part.p + part.n <= json.p + json.n));
}

static void is_json(struct span text)
{
	struct jscan s;
	struct err e;

	jscan_init(&s, text);
	MUST(jscan_skip(&s, &e) == 0 && jscan_finish(&s, &e) == 0);
}

/* What was read is written again, and read again it is the same. */
static void survives(const struct event *v)
{
	struct buf b = BUF_INIT;
	struct event w;
	struct err e;

	event_begin(&b, v);
	buf_span(&b, v->data.p ? v->data : SPAN("null"));
	event_stamp(&b, SPAN("f.1"), v->laneseq);
	MUST(event_read(buf_as_span(&b), &w, &e) == 0);
	MUST(span_eq(v->id, w.id) && span_eq(v->source, w.source) && span_eq(v->type, w.type));
	MUST(span_eq(v->subject, w.subject) && span_eq(v->time, w.time) && span_eq(v->partitionkey, w.partitionkey));
	MUST(span_eq(v->batchid, w.batchid) && span_eq(v->unit, w.unit) && span_eq(v->bank, w.bank));
	MUST(span_eq(v->businessdate, w.businessdate) && span_eq(v->fingerprint, w.fingerprint));
	MUST(span_eq(v->data.p ? v->data : SPAN("null"), w.data) && w.laneseq == v->laneseq);
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span json = {(const char *)data, size};
	struct event v;
	struct err e;

	if (event_read(json, &v, &e)) {
		MUST(err_kind(&e) == ERR_DATA);
		return 0;
	}
	MUST(v.id.n && v.source.n && v.type.n && v.lane.p);
	lies_within(v.id, json);
	lies_within(v.data, json);
	lies_within(v.lane, json);
	lies_within(v.body, json);
	MUST(v.body.p == json.p);
	if (!v.lane.n) {
		is_json(json);
		if (v.data.p)
			is_json(v.data);
	}
	survives(&v);
	return 0;
}
