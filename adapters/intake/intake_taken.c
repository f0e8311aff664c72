/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include <stdlib.h>

#include "clock.h"
#include "fsys.h"
#include "index.h"
#include "log.h"

#define STRAYS_MS 10000              /* how often it is looked for files that another process has still taken */
#define STRAY_MS 5000                /* it has noticed by then that this flow is no longer its own, and lets go of the copy */

/* 1 when the taken name has a claim record; *ret_state is its state, or "". */
static int claimed(struct intake *in, const char *taken, char ret_state[24], struct err *e)
{
	char key[INDEX_KEY_MAX], batchid[INDEX_KEY_MAX];
	struct bus_entry entry;
	int got = bus_look(in->flow.bus, in->flow.owner, INDEX_CLAIMS,
		index_key(key, INDEX_TAKEN, span_of(in->name), span_of(taken)), &entry, e);

	ret_state[0] = 0;
	if (got <= 0)
		return got;
	snprintf(batchid, sizeof batchid, "%.*s", SPAN_F(entry.extra));
	got = bus_look(in->flow.bus, in->flow.owner, INDEX_CLAIMS,
		index_key(key, INDEX_BATCH, span_of(batchid), SPAN_NONE), &entry, e);
	if (got == 1)
		snprintf(ret_state, 24, "%.*s", SPAN_F(entry.extra));
	return got < 0 ? -1 : 1;
}

static bool ended(const char *state)
{
	return state[0] && strcmp(state, "held") != 0 && strcmp(state, "publishing") != 0 &&
		strcmp(state, "reread") != 0;
}

void intake_wait_for(struct intake *in, const char *taken, int64_t not_before)
{
	in->waiting = mem_grow(in->waiting, in->nwaiting + 1u, sizeof *in->waiting);
	in->waiting[in->nwaiting++] = (struct waiting){mem_text(span_of(taken)), not_before};
	intake_attend(in, false, false);
}

/* One name in .taken: nobody has claimed it, or it waits for a person, or its time is past. */
static int look_at_taken(struct intake *in, const char *taken, int64_t keep_since, struct err *e)
{
	char state[24];
	int got = claimed(in, taken, state, e);

	if (got < 0)
		return -1;
	if (got == 0)
		intake_wait_for(in, taken, 0);
	intake_attend(in, strcmp(state, "held") == 0, strcmp(state, "conflict") == 0 || strcmp(state, "unreadable") == 0);
	if (in->setup.keep_days && ended(state) && drop_taken_time(in->drop, taken) < keep_since)
		drop_forget(in->drop, taken);
	return 0;
}

int intake_find_waiting(struct intake *in, struct err *e)
{
	int64_t keep_since = clock_now_ms() - (int64_t)in->setup.keep_days * 86400000;
	char **names;
	int ret = 0;

	in->look_due = clock_steady_ms() + STRAYS_MS;
	if (drop_taken(in->drop, &names, e) != 0)
		return -1;
	for (unsigned i = 0; names[i] && ret == 0; i++)
		ret = look_at_taken(in, names[i], keep_since, e);
	fsys_list_free(names);
	return ret;
}

/* Spool files of batches that have ended, or that never came to a claim: an earlier life died before deleting them. */
int intake_sweep_spool(struct intake *in, struct err *e)
{
	char **names;
	int ret = 0;

	if (drop_spool_list(in->drop, &names, e) != 0)
		return -1;
	for (unsigned i = 0; names[i] && ret == 0; i++) {
		char state[24];
		int got = claimed(in, names[i], state, e);

		if (got < 0 || ((got == 0 || ended(state)) && drop_spool_delete(in->drop, names[i], e) != 0))
			ret = -1;
	}
	fsys_list_free(names);
	return ret;
}

char *intake_next_waiting(struct intake *in)
{
	int64_t now = clock_steady_ms();

	for (unsigned i = 0; i < in->nwaiting; i++)
		if (in->waiting[i].not_before <= now) {
			char *taken = in->waiting[i].taken;

			memmove(&in->waiting[i], &in->waiting[i + 1], (--in->nwaiting - i) * sizeof *in->waiting);
			intake_attend(in, false, false);
			return taken;
		}
	return NULL;
}

static bool waits(const struct intake *in, const char *taken)
{
	for (unsigned i = 0; i < in->nwaiting; i++)
		if (strcmp(in->waiting[i].taken, taken) == 0)
			return true;
	return false;
}

/* Files in .taken that nobody has claimed: what of ours lies there has been, or waits. */
int intake_find_strays(struct intake *in, struct err *e)
{
	const int64_t now = clock_steady_ms();
	char **names, state[24], quoted[300];
	int ret = 0;

	if (now < in->look_due)
		return 0;
	in->look_due = now + STRAYS_MS;
	if (!drop_taken_changed(in->drop))
		return 0;
	if (drop_taken(in->drop, &names, e) != 0)
		return -1;
	for (unsigned i = 0; names[i] && ret == 0; i++) {
		int got = waits(in, names[i]) ? 1 : claimed(in, names[i], state, e);

		if (got == 0) {
			log_line(LOG_WARN, "intake.stray", "flow=%s file=%s wait_ms=%d", in->name,
				log_quoted(names[i], quoted, sizeof quoted), STRAY_MS);
			intake_wait_for(in, names[i], now + STRAY_MS);
		}
		ret = got < 0 ? -1 : 0;
	}
	fsys_list_free(names);
	return ret;
}
