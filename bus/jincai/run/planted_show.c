/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "planted.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

#define REASONS_SHOWN 3u             /* of a file that waits */

static const char *state_words(const char *state)
{
	static const struct {
		const char *state, *zh;
	} words[] = {{"published", "已发布"}, {"held", "挂起"}, {"returned", "已退回"}, {"duplicate", "重复"}, {"conflict", "冲突"},
		{"unreadable", "读不懂"}};

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].state, state) == 0)
			return say(words[i].zh, state);
	return state;
}

static void show_handed_in(const json_t *files, struct planted_claim *const *found)
{
	const json_t *file;
	size_t i;

	printf("\n%s\n", say("报送的文件（步骤、系统、文件、笔数、结果）", "handed in (step, system, file, records, what became of it)"));
	json_array_foreach(files, i, file) {
		const char *state = found[i] ? state_words(json_text(file, "state")) : "?";

		printf("  %" PRIu64 " %-12s %-29s %3" PRIu64 "  %s%*s  %s\n", planted_number(file, "step"),
			json_text(file, "from"), json_text(file, "file"), planted_number(file, "records"), state,
			show_padding(state, 10), "", json_text(file, say("zh", "en")));
	}
}

/* What has not happened, first of all. */
static void show_claim(const struct claim *c)
{
	struct buf words = BUF_INIT;

	if (span_is(c->state, "held"))
		printf(say("    挂起，%" PRIu64 " 笔一笔也没有付\n", "    held: not one was paid, of %" PRIu64 "\n"), c->records);
	else if (span_is(c->state, "duplicate"))
		printf(say("    重复，%" PRIu64 " 笔没有一笔再付一次\n",
			"    duplicate: not one was paid again, of %" PRIu64 "\n"), c->records);
	else if (span_is(c->state, "unreadable"))
		printf("%s\n", say("    读不懂，一笔也没有采信", "    unreadable: nothing of it was believed"));
	else
		printf(say("    冲突，%" PRIu64 " 笔一笔也没有付，先前的那批不变\n",
			"    conflict: not one was paid, of %" PRIu64 "; the batch before it stands\n"), c->records);
	for (unsigned i = 0; i < c->nreasons && i < REASONS_SHOWN; i++) {
		buf_clear(&words);
		verb_reason(&words, c->reasons[i].code, c->reasons[i].args, c->reasons[i].where);
		printf("    %s\n", buf_text(&words));
	}
	buf_done(&words);
}

/* Of a batch that was published: a bad record stays behind alone, or, where a batch goes whole, keeps all of it. */
static void show_letters(struct planted_claim *pc)
{
	if (pc->held.n)
		printf(say("    在 %s 挂起：%" PRIu64 " 笔一笔也没有发出\n", "    held at %s: not one was handed over, of %" PRIu64 "\n"),
			buf_text(&pc->held), pc->claim.records);
	else
		printf(say("    %u 笔没有发出，不影响其余（共 %" PRIu64 " 笔）\n",
			"    not passed on: %u of %" PRIu64 "; nothing else waits for it\n"), pc->nletters, pc->claim.records);
	fputs(buf_text(&pc->words), stdout);
}

void planted_show(const json_t *files, struct planted_claim *const *found)
{
	const json_t *file;
	size_t i;

	show_handed_in(files, found);
	printf("\n%s\n", say("什么在等人，为什么", "what waits, and why"));
	json_array_foreach(files, i, file) {
		const bool waits = found[i] && strcmp(json_text(file, "state"), "returned") != 0;
		const bool published = strcmp(json_text(file, "state"), "published") == 0;

		if (!waits || (published && !found[i]->nletters && !found[i]->held.n))
			continue;
		printf("  %s  %s\n", json_text(file, "file"), json_text(file, say("zh", "en")));
		if (published)
			show_letters(found[i]);
		else
			show_claim(&found[i]->claim);
	}
}
