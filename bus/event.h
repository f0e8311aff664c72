/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_EVENT_H
#define JC_EVENT_H

#include "buf.h"
#include "err.h"

/*
 * An event: one normalized fact, as CloudEvents 1.0 in structured JSON (spec.cloudevents.io, JSON format 1.0),
 * written and read without a DOM. The order of the attributes is fixed, data comes after them and the lane last, so
 * that all bytes but the lane's are a function of the source:
 *
 *	{"specversion":"1.0","id":I,"source":S,"type":T,"subject":..,"time":..,"partitionkey":..,"batchid":..,
 *	 "unit":..,"bank":..,"businessdate":..,"fingerprint":..,"changed":..,"paykey":..,"amount":"12.50",
 *	 "numbers":"20261205000017 ..","line":"17","again":"1",
 *	 "data":{...},"lane":"payroll-a.3","laneseq":"17"}
 *
 * An attribute that is absent is left out. laneseq is text, since a CloudEvents integer has 32 bits.
 */
struct event {
	struct span id, source, type;                    /* required */
	struct span subject, time, partitionkey, batchid, unit, bank, businessdate, fingerprint;
	struct span changed;                             /* the act by which a person changed the record; else absent */
	struct span paykey;                              /* of a payment: equal for payments that are suspected doubles */
	struct span amount;                              /* its control amount, as money_write writes it */
	struct span numbers;                             /* by which people ask for it: x-number of its schema, each as event_id_part
	                                                  * writes it, blanks between them */
	struct span line;                                /* of the record in the document that it came in */
	struct span again;                               /* its id was published before, in a batch returned since */
	struct span data;                                /* raw JSON of data */
	struct span lane;                                /* "" when not stamped */
	uint64_t laneseq;
	struct span body;                                /* all bytes before the lane: equal for equal sources */
};

/* Appends everything up to and with `"data":`. The caller then appends one JSON value. Attributes are UTF-8; a quote, a
 * backslash or a control in one is written as %XX, so what was written can always be read. */
void event_begin(struct buf *b, const struct event *attributes);
/* Appends the lane and the closing brace. */
void event_stamp(struct buf *b, struct span lane, uint64_t seq);

/* Reads an event; spans point into json, or are {NULL, 0} when absent (null is absent too). Attributes may come in any
 * order, unknown ones are skipped. Values that are empty, hold escapes (ours never do) or come twice are refused; time
 * has to be RFC 3339. Data is not looked into when the event is stamped by us; else it is checked for syntax. Only a
 * lane at the very end, as event_stamp writes it, counts; one elsewhere is refused. The body of an event that is not
 * stamped is all before the closing brace. On failure ret is untouched. Errors (ERR_DATA): event.syntax {at},
 * event.attribute {name} (missing or not as it should be), json.*. */
int event_read(struct span json, struct event *ret, struct err *e);

/* Appends one part of an id: bytes that are not unreserved (RFC 3986), '%' and ':' and controls and quotes among them,
 * as %XX; UTF-8 letters stay. Parts are joined by ':' by the caller. */
void event_id_part(struct buf *b, struct span text);

/* Types that the bus itself writes. */
#define EVENT_LANE_OPENED "jincai.lane.opened"
#define EVENT_BATCH_CLOSED "jincai.batch.closed"
#define EVENT_CLAIM "jincai.claim"
#define EVENT_DEAD "jincai.dead"
#define EVENT_DEAD_ENDED "jincai.dead.ended"
#define EVENT_POSTING "jincai.posting"
#define EVENT_PARCEL "jincai.parcel"
#define EVENT_ACT_PROPOSED "jincai.act.proposed"
#define EVENT_ACT_APPROVED "jincai.act.approved"
#define EVENT_ACT_OUTCOME "jincai.act.outcome"

static inline bool event_is_ours(const struct event *v)
{
	return span_starts(v->type, SPAN("jincai."));
}

#endif
